package ai.dreamlake.logback.internal.upload;

import java.io.File;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

/**
 * TLS as configured for the JVM. That includes the client certificate in {@code javax.net.ssl.keyStore}, which some
 * servers demand, and which OkHttp by itself ignores. If the application has set a default SSLContext, that one is
 * used.
 *
 * @param trust the JVM's own trust manager. The context decides what the sockets trust, but OkHttp requires one anyway.
 */
record JvmTls(SSLSocketFactory sockets, X509TrustManager trust) {

    /** Reads the JVM's key store and trust store, unless it has read them before. */
    static JvmTls load() throws IOException {
        try {
            return new JvmTls(SSLContext.getDefault().getSocketFactory(), platformTrust());
        } catch (GeneralSecurityException | RuntimeException unusable) {
            throw new IOException(
                    "the JVM's key store or trust store cannot be used (" + store("javax.net.ssl.keyStore") + ", "
                            + store("javax.net.ssl.trustStore") + "): " + rootCause(unusable),
                    unusable);
        }
    }

    private static X509TrustManager platformTrust() throws GeneralSecurityException {
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init((KeyStore) null);
        for (TrustManager manager : factory.getTrustManagers()) {
            if (manager instanceof X509TrustManager trust) {
                return trust;
            }
        }
        throw new GeneralSecurityException("there is no X509TrustManager");
    }

    /** Describes a store, since some JDKs do not say what is wrong with it. */
    private static String store(String property) {
        String file = System.getProperty(property, "");
        if (file.isEmpty()) {
            return property + " is not set";
        }
        return property + " is " + file + (new File(file).canRead() ? "" : ", which cannot be read");
    }

    /** The innermost cause. The exceptions around it only say that no context could be created. */
    private static Throwable rootCause(Throwable failure) {
        Throwable cause = failure;
        for (int depth = 0; depth < 20 && cause.getCause() != null; depth++) {
            cause = cause.getCause();
        }
        return cause;
    }
}

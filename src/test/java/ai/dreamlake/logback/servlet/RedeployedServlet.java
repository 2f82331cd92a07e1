package ai.dreamlake.logback.servlet;

import ai.dreamlake.logback.DreamlakeAppender;
import ch.qos.logback.classic.Logger;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.time.Duration;
import java.util.Map;
import org.slf4j.LoggerFactory;

/** The servlet of an application that is deployed repeatedly. It logs the paths of its requests. */
public final class RedeployedServlet extends HttpServlet {

    private static final long serialVersionUID = 1;

    private record Request(String path, Map<String, String[]> parameters) {}

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) {
        Logger log = (Logger) LoggerFactory.getLogger("ROOT");
        log.atInfo()
                .addKeyValue("request", new Request(request.getPathInfo(), request.getParameterMap()))
                .log("{}", request.getPathInfo());
        if (request.getParameter("delivered") != null) {
            DreamlakeAppender appender = (DreamlakeAppender) log.getAppender("DREAMLAKE");
            response.setStatus(appender.awaitDelivery(Duration.ofMinutes(1)) ? 200 : 504);
        }
    }
}

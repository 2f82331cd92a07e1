package ai.dreamlake.server.http;

import io.javalin.http.Context;

/** What a request asks for in its query, checked. Every fault is a 400 that names the parameter. */
final class Parameters {

    private Parameters() {}

    /** Null if it is not given, or empty. */
    static String text(Context request, String name) {
        String value = request.queryParam(name);
        return value == null || value.isEmpty() ? null : value;
    }

    /** @param otherwise what it is if it is not given */
    static int number(Context request, String name, int least, int most, int otherwise) {
        return (int) longNumber(request, name, least, most, otherwise);
    }

    /** @param otherwise what it is if it is not given */
    static long longNumber(Context request, String name, long least, long most, long otherwise) {
        String value = text(request, name);
        if (value == null) {
            return otherwise;
        }
        try {
            long number = Long.parseLong(value);
            if (number >= least && number <= most) {
                return number;
            }
        } catch (NumberFormatException noNumber) {
            // Told below.
        }
        String bounds = most == Long.MAX_VALUE ? "from " + least + " on" : "from " + least + " to " + most;
        throw ApiException.badRequest(name, Text.quoted(value) + " is no number " + bounds);
    }

    /** Whether it is the second of two values; the first one is the default. */
    static boolean isOther(Context request, String name, String usual, String other) {
        String value = text(request, name);
        if (value == null || value.equals(usual)) {
            return false;
        }
        if (value.equals(other)) {
            return true;
        }
        throw ApiException.badRequest(name, Text.quoted(value) + " is neither " + usual + " nor " + other);
    }
}

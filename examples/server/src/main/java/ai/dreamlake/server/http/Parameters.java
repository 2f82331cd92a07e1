package ai.dreamlake.server.http;

import io.javalin.http.Context;

/** A request's query parameters, checked. Every fault is a 400 that names the parameter. */
final class Parameters {

    private Parameters() {}

    /** Null if the parameter is absent or empty. */
    static String text(Context request, String name) {
        String value = request.queryParam(name);
        return value == null || value.isEmpty() ? null : value;
    }

    /** @param otherwise the default */
    static int number(Context request, String name, int least, int most, int otherwise) {
        return (int) longNumber(request, name, least, most, otherwise);
    }

    /** @param otherwise the default */
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
            // Reported below.
        }
        String bounds = most == Long.MAX_VALUE ? "of at least " + least : "from " + least + " to " + most;
        throw ApiException.badRequest(name, Text.quoted(value) + " is not a number " + bounds);
    }

    /** Whether the parameter has the second of two values; the first one is the default. */
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

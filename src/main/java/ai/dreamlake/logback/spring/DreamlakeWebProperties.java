package ai.dreamlake.logback.spring;

import ai.dreamlake.logback.internal.session.RequestSessions;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Where web requests name their sessions, and which names are accepted.
 *
 * @param header a header's name; null or blank: none
 * @param parameter the name of a parameter in the query string; null or blank: none
 * @param pathVariable the name of a variable in the mappings of Spring MVC; null or blank: none
 * @param pattern a regular expression that names must match
 * @param maxSessions how many different names are accepted
 * @param workspace the workspace of all these sessions; null or blank: the appender's
 */
@ConfigurationProperties("dreamlake.web")
record DreamlakeWebProperties(
        @Nullable String header,
        @Nullable String parameter,
        @Nullable String pathVariable,
        @DefaultValue(RequestSessions.DEFAULT_PATTERN) String pattern,

        @DefaultValue("" + RequestSessions.DEFAULT_MAX_SESSIONS)
        int maxSessions,

        @Nullable String workspace) {}

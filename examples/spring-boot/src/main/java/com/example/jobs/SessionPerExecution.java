package com.example.jobs;

import ai.dreamlake.logback.DreamlakeSession;
import java.time.format.DateTimeFormatter;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.batch.core.job.JobExecution;
import org.springframework.batch.core.listener.JobExecutionListener;
import org.springframework.stereotype.Component;

/**
 * Gives each execution of a Spring Batch job its own session, such as {@code training/20251029-103005.123-7}.
 * {@code session.json} has the job's parameters, its status and its exit code. Copy this class into your project; with
 * Spring Batch 5, adapt the package names.
 */
@Component
class SessionPerExecution implements JobExecutionListener {

    private static final Logger log = LoggerFactory.getLogger(SessionPerExecution.class);

    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss.SSS");

    private final Map<Long, DreamlakeSession> open = new ConcurrentHashMap<>();

    /** Includes the time, because Spring Batch without a database gives all executions the same numbers. */
    static String session(JobExecution execution) {
        return execution.getJobInstance().getJobName() + "/" + TIME.format(execution.getCreateTime()) + "-"
                + execution.getId();
    }

    @Override
    public void beforeJob(JobExecution execution) {
        open.put(execution.getId(), open(execution));
        log.info("Job starts");
    }

    @Override
    public void afterJob(JobExecution execution) {
        try (DreamlakeSession session = open.remove(execution.getId());
                DreamlakeSession withItsEnd = open(execution)) {
            log.info("Job ends: {}", execution.getStatus());
        }
    }

    private static DreamlakeSession open(JobExecution execution) {
        Map<String, Object> metadata = new HashMap<>();
        execution
                .getJobParameters()
                .forEach(parameter -> metadata.put(parameter.name(), String.valueOf(parameter.value())));
        metadata.put("status", execution.getStatus().name());
        metadata.put("exitCode", execution.getExitStatus().getExitCode());
        return DreamlakeSession.builder("batch", session(execution))
                .metadata(metadata)
                .open();
    }
}

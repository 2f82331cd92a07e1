package com.example.jobs;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.batch.core.job.Job;
import org.springframework.batch.core.job.builder.JobBuilder;
import org.springframework.batch.core.repository.JobRepository;
import org.springframework.batch.core.step.Step;
import org.springframework.batch.core.step.builder.StepBuilder;
import org.springframework.batch.infrastructure.repeat.RepeatStatus;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** A Spring Batch job of one step. With the parameter {@code data=none} it fails. */
@Configuration
class NightlyTraining {

    private static final Logger log = LoggerFactory.getLogger(NightlyTraining.class);

    @Bean
    Job training(JobRepository repository, SessionPerExecution sessions) {
        return new JobBuilder("training", repository)
                .listener(sessions)
                .start(fold(repository))
                .build();
    }

    private static Step fold(JobRepository repository) {
        return new StepBuilder("fold", repository)
                .tasklet((contribution, chunk) -> {
                    log.info("Training on one fold");
                    if ("none".equals(chunk.getStepContext().getJobParameters().get("data"))) {
                        throw new IllegalStateException("there is no data");
                    }
                    return RepeatStatus.FINISHED;
                })
                .build();
    }
}

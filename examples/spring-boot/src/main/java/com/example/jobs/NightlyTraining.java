package com.example.jobs;

import java.util.HashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.batch.core.job.Job;
import org.springframework.batch.core.job.builder.JobBuilder;
import org.springframework.batch.core.repository.JobRepository;
import org.springframework.batch.core.step.Step;
import org.springframework.batch.core.step.builder.StepBuilder;
import org.springframework.batch.infrastructure.item.ExecutionContext;
import org.springframework.batch.infrastructure.repeat.RepeatStatus;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.task.AsyncTaskExecutor;

/**
 * A Spring Batch job: four folds at the same time, on threads of Spring's executor. With the parameter
 * {@code data=none} the job fails.
 */
@Configuration
class NightlyTraining {

    private static final Logger log = LoggerFactory.getLogger(NightlyTraining.class);
    private static final int FOLDS = 4;

    @Bean
    Job training(JobRepository repository, SessionPerExecution sessions, AsyncTaskExecutor applicationTaskExecutor) {
        Step folds = new StepBuilder("folds", repository)
                .partitioner("fold", NightlyTraining::partition)
                .step(fold(repository))
                .gridSize(FOLDS)
                .taskExecutor(applicationTaskExecutor)
                .build();
        return new JobBuilder("training", repository)
                .listener(sessions)
                .start(folds)
                .build();
    }

    private static Map<String, ExecutionContext> partition(int folds) {
        Map<String, ExecutionContext> partitions = new HashMap<>();
        for (int fold = 0; fold < folds; fold++) {
            partitions.put("fold-" + fold, new ExecutionContext(Map.of("fold", fold)));
        }
        return partitions;
    }

    private static Step fold(JobRepository repository) {
        return new StepBuilder("fold", repository)
                .tasklet((contribution, chunk) -> {
                    log.info(
                            "Training on fold {}",
                            chunk.getStepContext().getStepExecutionContext().get("fold"));
                    if ("none".equals(chunk.getStepContext().getJobParameters().get("data"))) {
                        throw new IllegalStateException("there is no data");
                    }
                    return RepeatStatus.FINISHED;
                })
                .build();
    }
}

package com.example.jobs;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.scheduling.annotation.Async;
import org.springframework.stereotype.Service;

/** The part of a job that runs on a thread of Spring's executor. */
@Service
class Evaluation {

    private static final Logger log = LoggerFactory.getLogger(Evaluation.class);

    @Async
    public Future<Double> run(String job) {
        double accuracy = 0.9;
        log.atInfo().addKeyValue("accuracy", accuracy).log("Evaluated");
        return CompletableFuture.completedFuture(accuracy);
    }
}

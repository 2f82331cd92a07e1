package com.example.jobs;

import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** Runs a job in the request that starts it. The path names the session: see {@code dreamlake.web.path-variable}. */
@RestController
class JobController {

    private static final Logger log = LoggerFactory.getLogger(JobController.class);

    private final Evaluation evaluation;

    JobController(Evaluation evaluation) {
        this.evaluation = evaluation;
    }

    /** Runs on the request's thread, and partly on one of Spring's. */
    @PostMapping("/jobs/{job}")
    String run(@PathVariable String job, @RequestParam(defaultValue = "5") int epochs)
            throws ExecutionException, InterruptedException {
        train(job, epochs);
        double accuracy = evaluation.run(job).get();
        log.info("Job {} is done", job);
        return job + ": " + accuracy;
    }

    private static void train(String job, int epochs) {
        log.info("Job {} starts", job);
        for (int epoch = 0; epoch < epochs; epoch++) {
            log.atInfo()
                    .addKeyValue("epoch", epoch)
                    .addKeyValue("train_loss", 1.0 / (epoch + 1))
                    .log("Epoch done");
        }
    }

    /** Runs on a thread of Spring MVC, while the request's own thread returns to its pool. */
    @PostMapping("/jobs/{job}/callable")
    Callable<String> callable(@PathVariable String job, @RequestParam(defaultValue = "5") int epochs) {
        log.info("Job {} is handed over", job);
        return () -> {
            train(job, epochs);
            return job + ": trained";
        };
    }

    /** Takes a while, even if the service is told to stop meanwhile. */
    @PostMapping("/jobs/{job}/slowly")
    String slowly(@PathVariable String job) throws InterruptedException {
        log.info("Job {} waits for the end", job);
        for (int step = 1; step < 59; step++) {
            Thread.sleep(50);
            log.info("Step {}", step);
        }
        log.info("Job {} is done", job);
        return job + ": done";
    }

    /** Fails. Tomcat itself logs the exception, after all filters have ended. */
    @PostMapping("/jobs/{job}/failing")
    String fail(@PathVariable String job) {
        throw new IllegalStateException("job " + job + " has no data");
    }
}

package com.example.reactor;

import ai.dreamlake.logback.reactor.DreamlakeReactor;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** Runs jobs on request. Each job logs to its own session, on any threads that its pipeline uses. */
@SpringBootApplication
@RestController
public class TrainingService {

    private static final Logger log = LoggerFactory.getLogger(TrainingService.class);

    private static final int EPOCHS = 10;

    public static void main(String[] arguments) {
        SpringApplication.run(TrainingService.class, arguments);
    }

    /** Runs a job, and answers with its last loss. */
    @PostMapping("/jobs/{job}")
    public Mono<Double> run(@PathVariable String job) {
        return Flux.range(1, EPOCHS)
                .doOnSubscribe(subscription -> log.info("Training of {} started", job))
                .concatMap(epoch -> train(job, epoch))
                .last()
                .doOnNext(loss -> log.info("Training of {} done", job))
                .doOnCancel(() -> log.warn("Training of {} was given up", job))
                // Only this line of the class deals with the session.
                .contextWrite(DreamlakeReactor.session("examples", job));
    }

    /** An epoch: computes on one thread, and blocks none while it waits. */
    private static Mono<Double> train(String job, int epoch) {
        return Mono.fromCallable(() -> {
                    log.debug("Epoch of {} computed", job);
                    return 1.0 / epoch;
                })
                .subscribeOn(Schedulers.boundedElastic())
                .delayElement(Duration.ofMillis(5))
                .doOnNext(loss -> log.atInfo()
                        .addKeyValue("epoch", epoch)
                        .addKeyValue("train_loss", loss)
                        .log("Epoch of {} done", job));
    }

    /** Not a job, so it logs to the default session. */
    @GetMapping("/health")
    public Mono<String> health() {
        return Mono.fromCallable(() -> {
            log.info("Somebody asked");
            return "well";
        });
    }

    /** A job whose name cannot be the name of a session. */
    @ExceptionHandler
    @ResponseStatus(HttpStatus.BAD_REQUEST)
    public String refuse(IllegalArgumentException badName) {
        return badName.getMessage();
    }
}

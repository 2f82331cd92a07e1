package com.example.jobs;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.scheduling.annotation.EnableAsync;

/** A service that runs jobs. What a job logs goes to a session of its own; no line of code says so. */
@SpringBootApplication
@EnableAsync
public class JobsApplication {

    public static void main(String[] arguments) {
        SpringApplication.run(JobsApplication.class, arguments);
    }
}

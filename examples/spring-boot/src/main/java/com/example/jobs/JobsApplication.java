package com.example.jobs;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.scheduling.annotation.EnableAsync;

/** A service that runs jobs. Each job logs to a session of its own, without any code for that. */
@SpringBootApplication
@EnableAsync
public class JobsApplication {

    public static void main(String[] arguments) {
        SpringApplication.run(JobsApplication.class, arguments);
    }
}

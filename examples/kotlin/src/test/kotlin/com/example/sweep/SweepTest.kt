package com.example.sweep

import ai.dreamlake.logback.DreamlakeAppender
import ai.dreamlake.logback.DreamlakeSession
import ch.qos.logback.classic.LoggerContext
import java.nio.file.Files
import java.nio.file.Path
import kotlinx.coroutines.DelicateCoroutinesApi
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.ExperimentalCoroutinesApi
import kotlinx.coroutines.delay
import kotlinx.coroutines.joinAll
import kotlinx.coroutines.launch
import kotlinx.coroutines.newSingleThreadContext
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.AfterEach
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.BeforeEach
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import org.slf4j.LoggerFactory
import org.slf4j.MDC

class SweepTest {

    @TempDir
    lateinit var sessions: Path

    private val logback = LoggerFactory.getILoggerFactory() as LoggerContext
    private val log = LoggerFactory.getLogger(SweepTest::class.java)
    private lateinit var appender: DreamlakeAppender

    /** The appender of logback.xml, with a directory of this test. */
    @BeforeEach
    fun start() {
        appender = logback.getLogger("ROOT").getAppender("DREAMLAKE") as DreamlakeAppender
        appender.stop()
        appender.localPath = sessions.toString()
        appender.start()
    }

    @AfterEach
    fun stop() {
        appender.stop()
        MDC.clear()
    }

    /** The messages of a session; their numbers must be 0, 1, 2 … */
    private fun messages(session: String): List<String> {
        val lines = Files.readAllLines(sessions.resolve("sweep").resolve(session).resolve("logs/logs.jsonl"))
        lines.forEachIndexed { number, line -> assertTrue(line.endsWith("\"sequenceNumber\": $number}"), line) }
        return lines.map { it.substringAfter("\"message\": \"").substringBefore("\", \"metadata\"") }
    }

    @Test
    fun `each run of the sweep has its session, on any thread`() {
        main()
        for (run in 1..24) {
            val expected = listOf("Training with learning rate ${run / 10.0}") + List(20) { "Epoch done" }
            assertEquals(expected, messages("run-$run"))
        }
        assertEquals(listOf("The sweep begins", "The sweep is done"), messages("main"))
    }

    @OptIn(DelicateCoroutinesApi::class, ExperimentalCoroutinesApi::class)
    @Test
    fun `a scope suspended without the MDC gets no records once it is closed, and a status message says so`() {
        runBlocking(Dispatchers.Default) {
            (1..50).map { run ->
                launch { DreamlakeSession.open("sweep", "careless-$run").use { delay(3) } }
            }.joinAll()
            (1..50).map { launch { log.info("later") } }.joinAll()
        }
        // There, chance decides whether a thread keeps an MDC; here it is certain.
        newSingleThreadContext("one").use { one ->
            val scope = runBlocking(one) { DreamlakeSession.open("sweep", "careless") }
            newSingleThreadContext("another").use { runBlocking(it) { scope.close() } }
            runBlocking(one) { log.info("later") }
        }
        assertEquals(51, messages("main").count { it == "later" })
        assertTrue(logback.statusManager.copyOfStatusList.any { "a scope that is closed" in it.message })
    }
}

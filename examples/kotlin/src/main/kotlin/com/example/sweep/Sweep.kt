package com.example.sweep

import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.delay
import kotlinx.coroutines.joinAll
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.slf4j.MDCContext
import kotlinx.coroutines.withContext
import org.slf4j.LoggerFactory
import org.slf4j.MDC

private val log = LoggerFactory.getLogger("com.example.sweep.Sweep")

/**
 * Runs the block in a Dreamlake session: everything that it logs goes there, on any thread on which it resumes after
 * a suspension. Copy this function into your project. A session is just two entries of the MDC, which the coroutine's
 * context carries.
 */
suspend fun <T> inSession(workspace: String, session: String, block: suspend CoroutineScope.() -> T): T {
    val names = mapOf("dreamlake.workspace" to workspace, "dreamlake.session" to session)
    return withContext(MDCContext(MDC.getCopyOfContextMap().orEmpty() + names), block)
}

/** A run with one learning rate, which is suspended again and again. */
suspend fun train(learningRate: Double, epochs: Int) {
    log.info("Training with learning rate {}", learningRate)
    for (epoch in 0 until epochs) {
        delay(1)
        log.atInfo()
            .addKeyValue("epoch", epoch)
            .addKeyValue("train_loss", 1.0 / (1 + epoch * learningRate))
            .log("Epoch done")
    }
}

/** A sweep over learning rates: all runs at the same time, each in its own session. */
fun main() = runBlocking(Dispatchers.Default) {
    log.info("The sweep begins")
    (1..24).map { run ->
        launch {
            inSession("sweep", "run-$run") { train(learningRate = run / 10.0, epochs = 20) }
        }
    }.joinAll()
    log.info("The sweep is done")
}

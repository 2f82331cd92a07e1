package ai.dreamlake.server.store.sqlite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.dreamlake.server.store.StoreException;
import ai.dreamlake.server.store.StoreException.Reason;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which changes are committed together, and what happens to a change that fails. */
class WriterTest {

    @TempDir
    Path directory;

    private final AtomicInteger commits = new AtomicInteger();
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private StoreFile file;
    private Writer writer;

    @BeforeEach
    void open() throws SQLException {
        file = new StoreFile(directory);
        writer = new Writer(new Sql(file.openWriter()), commits::incrementAndGet);
        writer.write(sql -> sql.update("CREATE TABLE number (value INTEGER)"));
    }

    @AfterEach
    void close() {
        threads.shutdown();
        writer.close();
        file.close();
    }

    private List<Long> numbers() {
        return writer.write(sql -> sql.all("SELECT value FROM number ORDER BY value", row -> row.getLong(1)));
    }

    private static Writer.Work<Integer> insert(long number) {
        return sql -> sql.update("INSERT INTO number VALUES (?)", number);
    }

    /** Blocks the writer until all changes are queued. */
    private List<Future<Integer>> atOnce(List<Writer.Work<Integer>> works) {
        CountDownLatch holds = new CountDownLatch(1);
        CountDownLatch isHeld = new CountDownLatch(1);
        threads.submit(() -> writer.write(sql -> {
            holds.countDown();
            Awaitility.await().forever().until(() -> isHeld.getCount() == 0);
            return 0;
        }));
        Awaitility.await().until(() -> holds.getCount() == 0);
        List<Future<Integer>> results = new ArrayList<>();
        for (Writer.Work<Integer> work : works) {
            int before = writer.waiting();
            results.add(threads.submit(() -> writer.write(work)));
            Awaitility.await().until(() -> writer.waiting() > before);
        }
        isHeld.countDown();
        return results;
    }

    @Test
    void changesThatArriveTogetherShareOneCommit() throws Exception {
        List<Writer.Work<Integer>> works = new ArrayList<>();
        for (long i = 0; i < 20; i++) {
            works.add(insert(i));
        }
        int before = commits.get();
        for (Future<Integer> one : atOnce(works)) {
            assertThat(one.get()).isEqualTo(1);
        }
        assertThat(numbers()).hasSize(20);
        assertThat(commits.get() - before)
                .as("the one that held, those together, and this look")
                .isLessThanOrEqualTo(4);
    }

    private static void assertFails(Future<Integer> change, Throwable cause) {
        assertThatThrownBy(change::get)
                .isInstanceOf(ExecutionException.class)
                .satisfies(failure -> assertThat(failure.getCause()).isEqualTo(cause));
    }

    @Test
    void aChangeThatFailsIsUndoneByItself() throws Exception {
        StoreException refused = new StoreException(Reason.PROTECTED, "no");
        IllegalStateException fault = new IllegalStateException("fault");
        List<Future<Integer>> results = atOnce(List.of(
                insert(1),
                sql -> {
                    insert(2).change(sql);
                    throw refused;
                },
                insert(3),
                sql -> {
                    insert(4).change(sql);
                    throw fault;
                },
                sql -> {
                    insert(5).change(sql);
                    return sql.update("no SQL");
                },
                insert(6)));
        assertThat(results.get(0).get()).isEqualTo(1);
        assertFails(results.get(1), refused);
        assertThat(results.get(2).get()).isEqualTo(1);
        assertFails(results.get(3), fault);
        assertThatThrownBy(results.get(4)::get).hasCauseInstanceOf(StoreException.class);
        assertThat(results.get(5).get()).isEqualTo(1);
        assertThat(numbers()).containsExactly(1L, 3L, 6L);
    }

    @Test
    void aChangeThatLosesTheTransactionFailsAlone() throws Exception {
        List<Future<Integer>> results = atOnce(List.of(
                insert(1),
                sql -> {
                    insert(2).change(sql);
                    sql.execute("ROLLBACK"); // as SQLite does when the disk is full
                    throw new SQLException("full");
                },
                insert(3)));
        assertThat(results.get(0).get()).isEqualTo(1);
        assertThatThrownBy(results.get(1)::get).hasCauseInstanceOf(StoreException.class);
        assertThat(results.get(2).get()).isEqualTo(1);
        assertThat(numbers()).containsExactly(1L, 3L);
    }

    @Test
    void anErrorDoesNotEndTheWriter() throws Exception {
        List<Future<Integer>> results = atOnce(List.of(sql -> {
            insert(1).change(sql);
            throw new StackOverflowError();
        }));
        assertThatThrownBy(results.get(0)::get).hasCauseInstanceOf(StoreException.class);
        assertThat(numbers()).isEmpty();
        writer.write(insert(2));
        assertThat(numbers()).containsExactly(2L);
    }

    @Test
    void acceptedChangesAreWrittenBeforeTheEnd() throws Exception {
        List<Future<Integer>> results = atOnce(List.of(insert(1), insert(2)));
        writer.close();
        for (Future<Integer> result : results) {
            assertThat(result.get()).isEqualTo(1);
        }
        assertThatThrownBy(() -> writer.write(insert(3))).hasMessage("the store is closed");
    }
}

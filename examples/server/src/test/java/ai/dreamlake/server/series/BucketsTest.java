package ai.dreamlake.server.series;

import static org.assertj.core.api.Assertions.assertThat;

import ai.dreamlake.server.store.SeriesPoint;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BucketsTest {

    private static final double NAN = Double.NaN;
    private static final double INFINITY = Double.POSITIVE_INFINITY;

    private static Point point(long number, double value) {
        return new Point(number, new SeriesPoint(number, Instant.EPOCH, NAN, value));
    }

    private static Buckets buckets(int limit, double... values) {
        Buckets buckets = new Buckets(limit);
        for (int i = 0; i < values.length; i++) {
            buckets.add(point(i, values[i]));
        }
        return buckets;
    }

    /** The points as {@code number=value}. */
    private static List<String> points(Buckets buckets, int most) {
        return buckets.points(most).stream()
                .map(point -> point.position() + "=" + point.value())
                .toList();
    }

    @Test
    void aLineOfFewPointsIsWhole() {
        assertThat(points(buckets(5, 3, 1, 4, NAN, 5), 5)).containsExactly("0=3.0", "1=1.0", "2=4.0", "3=NaN", "4=5.0");
    }

    @Test
    void ofManyPointsTheFirstAndTheLastAndTheExtremesAreKept() {
        double[] values = {3, 1, 4, 1, 5, 9, 2, 6};
        assertThat(points(buckets(5, values), 5)).containsExactly("0=3.0", "1=1.0", "5=9.0", "7=6.0");
    }

    @Test
    void valuesThatAreNotFiniteDoNotDisturbTheExtremesAndAreKept() {
        double[] values = {3, 1, 4, NAN, 5, INFINITY, 2, 6};
        assertThat(points(buckets(5, values), 5)).containsExactly("0=3.0", "1=1.0", "3=NaN", "7=6.0");
        assertThat(points(buckets(5, NAN, NAN, NAN, NAN, -INFINITY, NAN, NAN, NAN), 5))
                .containsExactly("0=NaN", "3=NaN", "4=-Infinity", "7=NaN");
    }

    @Test
    void ofEqualExtremesTheFirstIsKept() {
        assertThat(points(buckets(5, 1, 0, 2, 0, 2, 0, 2, 1), 5)).containsExactly("0=1.0", "1=0.0", "2=2.0", "7=1.0");
    }

    @ParameterizedTest
    @CsvSource({"5, 1", "5, 6", "5, 1000", "16, 17", "100, 100", "100, 101", "100, 100000", "2000, 100000"})
    void thereAreNeverMoreThanTheLimitAndTheExtremesOfAllAreAmongThem(int limit, int count) {
        Random random = new Random(limit + count);
        double[] values = random.doubles(count).toArray();
        Buckets buckets = buckets(limit, values);
        assertThat(buckets.count()).isEqualTo(count);
        for (int most : new int[] {limit, 5}) {
            List<Point> kept = buckets.points(most);
            assertThat(kept).hasSizeLessThanOrEqualTo(most).hasSizeGreaterThanOrEqualTo(Math.min(count, most / 8));
            assertThat(kept).isSortedAccordingTo(Point.ORDER);
            assertThat(kept.get(0).position()).isZero();
            assertThat(kept.get(kept.size() - 1).position()).isEqualTo(count - 1);
            assertThat(kept.stream().mapToDouble(Point::value).min())
                    .hasValue(java.util.Arrays.stream(values).min().orElseThrow());
            assertThat(kept.stream().mapToDouble(Point::value).max())
                    .hasValue(java.util.Arrays.stream(values).max().orElseThrow());
        }
    }

    @Test
    void theOrderOfPointsMakesNoDifference() {
        List<Point> all = new ArrayList<>(IntStream.range(0, 10_000)
                .mapToObj(i -> point(i * 37L - 5_000, i % 100 == 7 ? NAN : Math.sin(i / 50.0)))
                .toList());
        Buckets straight = new Buckets(100);
        all.forEach(straight::add);
        Collections.shuffle(all, new Random(1));
        Buckets shuffled = new Buckets(100);
        all.forEach(shuffled::add);
        assertThat(points(shuffled, 50)).isEqualTo(points(straight, 50));
    }

    @Test
    void pointsFarApartKeepTheirPlaces() {
        Buckets buckets = new Buckets(5);
        buckets.add(point(Long.MIN_VALUE, 1));
        buckets.add(point(0, 2));
        buckets.add(point(Long.MAX_VALUE, 3));
        assertThat(buckets.points(5)).hasSize(3);
    }

    @Test
    @Timeout(value = 60, threadMode = ThreadMode.SEPARATE_THREAD)
    void pointsOnBothSidesOfZeroEndInOneBucket() {
        Buckets buckets = new Buckets(100);
        double[] values = {3, 1, NAN, 4, 2, 7, 5, NAN, 9, 6};
        for (int i = 0; i < values.length; i++) {
            buckets.add(point(i - 5, values[i]));
        }
        assertThat(points(buckets, 5)).containsExactly("-5=3.0", "-4=1.0", "-3=NaN", "3=9.0", "4=6.0");
        Buckets few = new Buckets(5);
        for (int i = 0; i < values.length; i++) {
            few.add(point(i - 5, values[i]));
        }
        assertThat(points(few, 5)).isEqualTo(points(buckets, 5));
    }
}

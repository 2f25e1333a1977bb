package io.cleave.fission;

import io.cleave.os.Cpus;
import io.cleave.pool.ProgressListener;
import io.cleave.share.Codec;
import java.time.Duration;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Settings in the making: what {@link Fission.Builder} was told so far, checked. */
final class SettingsDraft {
    private static final Duration ENDLESS = Duration.ofDays(36_500);

    private int children = Cpus.usable();
    private int warmUp = Settings.ADAPTIVE;
    private long itemTimeoutNanos;
    private long deadlineNanos;
    private int maxRetries;
    private Codec codec = Codec.standard();
    private @Nullable ProgressListener progress;
    private @Nullable Runnable afterFork;
    private @Nullable Consumer<FissionReport> onReport;

    void children(int count) {
        if (count < 1) {
            throw new IllegalArgumentException("a pool needs at least 1 child, but " + count + " were asked for");
        }
        children = count;
    }

    void warmUp(int items) {
        if (items < 0) {
            throw new IllegalArgumentException("the warm-up needs 0 items or more, but " + items + " were given");
        }
        warmUp = items;
    }

    void itemTimeout(Duration timeout) {
        if (timeout.isZero() || timeout.isNegative()) {
            throw new IllegalArgumentException("a time-out must be longer than nothing, but is " + timeout);
        }
        itemTimeoutNanos = nanos(timeout);
    }

    void deadline(Duration limit) {
        if (limit.isZero() || limit.isNegative()) {
            throw new IllegalArgumentException("a deadline must be later than now, but is in " + limit);
        }
        deadlineNanos = nanos(limit);
    }

    private static long nanos(Duration limit) {
        return limit.compareTo(ENDLESS) > 0 ? Long.MAX_VALUE : limit.toNanos();
    }

    void maxRetries(int retries) {
        if (retries < 0) {
            throw new IllegalArgumentException("an item can be tried again 0 times or more, not " + retries);
        }
        maxRetries = retries;
    }

    void progress(ProgressListener listener) {
        progress = Objects.requireNonNull(listener, "listener");
    }

    void afterFork(Runnable hook) {
        afterFork = Objects.requireNonNull(hook, "hook");
    }

    void onReport(Consumer<FissionReport> listener) {
        onReport = Objects.requireNonNull(listener, "listener");
    }

    void codec(Codec resultCodec) {
        codec = Objects.requireNonNull(resultCodec, "resultCodec");
    }

    Settings toSettings() {
        return new Settings(children, warmUp, itemTimeoutNanos, deadlineNanos, maxRetries, codec, progress, afterFork,
                onReport, false);
    }
}

package io.cleave.spark;

import io.cleave.channel.FrameBuffer;
import io.cleave.share.Codec;
import io.cleave.work.Refusal;
import io.cleave.work.Values;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The thread of a run that takes items, encodes them and submits jobs. It is a thread of its own because what a job
 * inherits from its submitter, Spark's local properties, is not to be changed in the caller's.
 */
final class Submitter implements Runnable {
    /** What the items of a portion take at most, where it has more than one; a job is closed when it has so much. */
    private static final int PORTION_BYTES = 4 << 20;
    private static final long JOB_BYTES = 256L << 20;
    private static final String INTERRUPT = "spark.job.interruptOnCancel";

    /** How many items are read ahead at most, whatever those so far have taken. */
    private static final int MOST_AHEAD = 1024;
    private static final int FIRST_AHEAD = 16;
    /**
     * How long a job waits, in all, for items of an iterator that has given some: little beside what a job costs, and
     * enough that one which is as fast as the encoding fills its portions.
     */
    private static final long LINGER_NANOS = 10_000_000;

    private final SparkRun<?> run;
    private final Driver driver;
    private final Items items;
    /** Taken and not yet in a portion. */
    private List<@Nullable Object> taken = List.of();
    private int used;
    private long index;
    /** The item at {@code used} as it will be sent, where it is encoded. */
    private FrameBuffer encoded = new FrameBuffer(1024);
    private boolean isEncoded;
    /** What an item takes, by those so far; 0 before. */
    private double itemBytes;
    /** How long this job may still wait for items that are not there. */
    private long lingers;
    /** What belongs behind all that is in portions. */
    private @Nullable Throwable failure;

    Submitter(SparkRun<?> run) {
        this.run = run;
        this.driver = run.driver;
        this.items = run.items;
    }

    @Override
    public void run() {
        Throwable why = null;
        try {
            driver.context.setLocalProperty(INTERRUPT, "true");
            int cores = driver.parallelism();
            for (int most = run.awaitRoom(cores); most > 0; most = run.awaitRoom(cores)) {
                cores = driver.parallelism(); // executors may have come or gone
                List<Portion> portions = new ArrayList<>();
                try {
                    fill(portions, most, cores);
                } catch (Throwable t) {
                    why = t;
                }
                if (!portions.isEmpty() && !submit(portions)) {
                    break;
                }
                if (portions.isEmpty() || why != null) {
                    break;
                }
            }
        } catch (Throwable t) {
            why = t;
        }
        run.exhaust(why);
    }

    private boolean submit(List<Portion> portions) {
        PortionJob job = new PortionJob(portions);
        if (!run.enter(job)) {
            return false;
        }
        try {
            job.submit(driver.context, run.work, run);
        } catch (Throwable t) {
            run.ended(job, t);
            return false;
        }
        return true;
    }

    /** Makes portions of what can be had; what is thrown belongs behind the last of them. */
    private void fill(List<Portion> portions, int most, int cores) throws Throwable {
        long bytes = 0;
        lingers = LINGER_NANOS;
        while (portions.size() < most && bytes < JOB_BYTES) {
            long left = items.left();
            left = left == Long.MAX_VALUE ? left : left + taken.size() - used;
            Portion portion = portion(run.portionSize(portions.size(), cores, left), portions.isEmpty());
            if (portion != null) {
                portions.add(portion);
                bytes += Objects.requireNonNull(portion.items).length;
            }
            if (failure != null) {
                throw failure;
            }
            if (portion == null) {
                return;
            }
        }
    }

    /**
     * Makes a portion of the items that come next.
     *
     * @param size how many it has at most
     * @param isFirst whether to wait for an item as long as it takes
     * @return the portion; null where there is no item, or a failure at the first
     */
    private @Nullable Portion portion(int size, boolean isFirst) {
        long first = index;
        Object firstItem = null;
        FrameBuffer body = new FrameBuffer(1024);
        int count = 0;
        try {
            while (count < size && hasNext(size - count, isFirst && count == 0)) {
                Object item = taken.get(used);
                encode(item);
                if (count > 0 && body.size() + (long) encoded.size() > PORTION_BYTES) {
                    break; // it begins the next one
                }
                firstItem = count == 0 ? item : firstItem;
                body.append(encoded);
                isEncoded = false;
                used++;
                index++;
                count++;
            }
        } catch (Throwable t) {
            failure = t;
        }
        if (count == 0) {
            return null;
        }
        double each = (double) body.size() / count;
        itemBytes = Math.max(each, itemBytes + (each - itemBytes) / 4); // grows at once, and shrinks with time
        if (encoded.size() > PORTION_BYTES && !isEncoded) {
            encoded = new FrameBuffer(1024); // a large item's is not kept
        }
        FrameBuffer whole = new FrameBuffer(body.size() + 32);
        PortionFrames.write(whole, PortionFrames.HEAD, first, count);
        whole.append(body);
        return new Portion(first, count, firstItem, whole.toByteArray());
    }

    /** Whether there is an item to take, now or within what this job may wait. */
    private boolean hasNext(int wanted, boolean isFirst) throws Throwable {
        if (used == taken.size()) {
            int ahead = itemBytes == 0 ? FIRST_AHEAD : (int) Math.clamp(PORTION_BYTES / itemBytes, 1, MOST_AHEAD);
            long start = System.nanoTime();
            taken = items.take(Math.min(wanted, ahead), ahead, isFirst ? Long.MAX_VALUE : lingers);
            used = 0;
            if (!isFirst) {
                lingers -= System.nanoTime() - start;
            }
        }
        return used < taken.size();
    }

    private void encode(@Nullable Object item) {
        if (isEncoded) {
            return;
        }
        encoded.clear();
        try {
            Values.write(encoded, Codec.standard(), item);
        } catch (IOException | RuntimeException | LinkageError | StackOverflowError e) {
            throw Refusal.of("item " + index, item, Codec.standard(), e);
        }
        if (encoded.size() > driver.mostBytes) {
            throw new IllegalArgumentException("item " + index + " cannot be sent to an executor: it takes "
                    + encoded.size() + " bytes, and spark.rpc.message.maxSize allows " + driver.mostBytes
                    + "; share it (SparkPool.share), send smaller parts, or raise that setting");
        }
        isEncoded = true;
    }
}

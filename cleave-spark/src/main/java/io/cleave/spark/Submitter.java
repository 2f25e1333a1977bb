package io.cleave.spark;

import io.cleave.channel.FrameBuffer;
import io.cleave.share.Codec;
import io.cleave.work.Refusal;
import io.cleave.work.Values;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The thread of a run that takes items, encodes them and submits jobs. It is a thread of its own because what a job
 * inherits from its submitter, Spark's local properties, is not to be changed in the caller's.
 */
final class Submitter implements Runnable {
    /** A portion is closed when its items take so much, and a job when its portions do. */
    private static final int PORTION_BYTES = 4 << 20;
    private static final long JOB_BYTES = 256L << 20;
    private static final String INTERRUPT = "spark.job.interruptOnCancel";

    private final SparkRun<?> run;
    private final Driver driver;
    private final Items items;
    /** Taken and not yet in a portion. */
    private List<@Nullable Object> taken = List.of();
    private int used;
    private long index;

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
        boolean isFirst = true;
        while (portions.size() < most && bytes < JOB_BYTES) {
            int size = run.portionSize(portions.size(), cores, items.left() + taken.size() - used);
            if (used == taken.size()) {
                if (!isFirst && items.total() < 0) {
                    return; // what there is of an iterator that may wait has been taken
                }
                taken = items.take(items.total() < 0 ? size * most : size);
                used = 0;
                isFirst = false;
                if (taken.isEmpty()) {
                    return;
                }
            }
            Portion portion = portion(portions, size);
            bytes += portion.items == null ? 0 : portion.items.length;
        }
    }

    private Portion portion(List<Portion> portions, int size) {
        long first = index;
        Object firstItem = taken.get(used);
        FrameBuffer body = new FrameBuffer(1024);
        RuntimeException refusal = null;
        int count = 0;
        while (count < size && used < taken.size() && body.size() < PORTION_BYTES) {
            Object item = taken.get(used);
            try {
                Values.write(body, Codec.standard(), item);
                if (body.size() > driver.mostBytes) {
                    throw tooLarge(body.size());
                }
            } catch (IOException | RuntimeException | LinkageError | StackOverflowError e) {
                refusal = e instanceof TooLarge large ? large : Refusal.of("item " + index, item, Codec.standard(), e);
                break;
            }
            used++;
            index++;
            count++;
        }
        FrameBuffer whole = new FrameBuffer(body.size() + 32);
        PortionFrames.writePair(whole, PortionFrames.HEAD, first, count);
        whole.append(body);
        Portion portion = new Portion(first, count, firstItem, whole.toByteArray());
        if (count > 0) {
            portions.add(portion);
        }
        if (refusal != null) {
            throw refusal;
        }
        return portion;
    }

    private TooLarge tooLarge(long size) {
        return new TooLarge("item " + index + " cannot be sent to an executor: it takes " + size
                + " bytes, and spark.rpc.message.maxSize allows " + driver.mostBytes
                + "; share it (SparkPool.share), send smaller parts, or raise that setting");
    }

    /** An item that Spark would not carry. */
    private static final class TooLarge extends IllegalArgumentException {
        private static final long serialVersionUID = 1L;

        TooLarge(String message) {
            super(message);
        }
    }
}

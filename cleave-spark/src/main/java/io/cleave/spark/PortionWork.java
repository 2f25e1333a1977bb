package io.cleave.spark;

import io.cleave.channel.FrameBuffer;
import io.cleave.channel.FrameReader;
import io.cleave.channel.RingValues;
import io.cleave.pool.Task;
import io.cleave.share.Codec;
import io.cleave.work.Failure;
import io.cleave.work.Sneaky;
import io.cleave.work.Values;
import java.io.IOException;
import java.io.InvalidObjectException;
import java.io.Serializable;
import java.util.Objects;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.TaskKilledException;
import org.apache.spark.broadcast.Broadcast;
import org.jspecify.annotations.Nullable;
import scala.collection.Iterator;
import scala.runtime.AbstractFunction1;

/**
 * What an executor does with a partition: it computes the items one after the other, in the thread and with the class
 * loader that Spark has given the task.
 *
 * <p>
 * What the user's code throws is a result to Spark, so that it is not tried again; what Spark sees fail, and tries
 * again, is the loss of an executor, or
 * that a host could not be given what the task needs.
 */
final class PortionWork extends AbstractFunction1<Iterator<byte[]>, byte[]> implements Serializable {
    private static final long serialVersionUID = 1L;

    private final byte @Nullable [] code;
    private final @Nullable Broadcast<byte[]> broadcastCode;
    private final SharedValues shared;
    private final int maxRetries;

    /**
     * Work with a task.
     *
     * @param code the encoded task, where it is small
     * @param broadcastCode the encoded task otherwise
     * @param shared the values that the task may load by name
     * @param maxRetries how many attempts may go before one that begins
     */
    PortionWork(byte @Nullable [] code, @Nullable Broadcast<byte[]> broadcastCode, SharedValues shared,
            int maxRetries) {
        this.code = code;
        this.broadcastCode = broadcastCode;
        this.shared = shared;
        this.maxRetries = maxRetries;
    }

    @Override
    public byte[] apply(Iterator<byte[]> partition) {
        try {
            return compute(partition.next(), TaskContext.get());
        } catch (Exception e) {
            throw Sneaky.rethrow(e);
        }
    }

    private byte[] compute(byte[] items, TaskContext context) throws Exception {
        FrameBuffer out = new FrameBuffer(256);
        int attempt = context.attemptNumber() + context.stageAttemptNumber();
        if (attempt > maxRetries) {
            out.write(PortionFrames.EXHAUSTED, Long.BYTES, attempt);
            return answer(out, 0, attempt, true);
        }
        long start = System.nanoTime();
        FrameReader in = new FrameReader(items);
        in.next();
        long first = RingValues.getLong(in.bytes(), in.offset());
        long count = RingValues.getLong(in.bytes(), in.offset() + Long.BYTES);
        @Nullable Object item = null;
        long index = first;
        boolean failed = true;
        byte[] taskBytes = code();
        HostCopies.provide(shared);
        try {
            Task<@Nullable Object, @Nullable Object> task = task(taskBytes);
            for (; index < first + count; index++) {
                if (context.isInterrupted()) {
                    throw new TaskKilledException("cancelled");
                }
                item = null;
                in.next();
                item = item(in);
                write(out, task.apply(item), item, index);
            }
            failed = false;
        } catch (Refused e) {
            write(out, e.failure);
        } catch (Throwable t) {
            if (context.isInterrupted()) {
                throw Sneaky.rethrow(t); // Spark has killed the task, and knows what to make of it
            }
            write(out, failure(t, item, index));
        }
        return answer(out, System.nanoTime() - start, attempt, failed);
    }

    private static byte[] answer(FrameBuffer results, long nanos, int attempt, boolean failed) {
        FrameBuffer whole = new FrameBuffer(results.size() + 32);
        PortionFrames.write(whole, PortionFrames.COST, nanos, attempt, failed ? 1 : 0);
        whole.append(results);
        return whole.toByteArray();
    }

    private byte[] code() {
        return code != null ? code : Objects.requireNonNull(broadcastCode).value();
    }

    @SuppressWarnings("unchecked")
    private static Task<@Nullable Object, @Nullable Object> task(byte[] bytes) throws InvalidObjectException {
        try {
            return (Task<@Nullable Object, @Nullable Object>) Objects
                    .requireNonNull(Codec.java().decode(bytes, 0, bytes.length));
        } catch (IOException | RuntimeException | LinkageError e) {
            throw new InvalidObjectException("the task cannot be deserialised in an executor: " + e, e);
        }
    }

    private static @Nullable Object item(FrameReader in) throws InvalidObjectException {
        try {
            return Values.read(in.kind(), in.bytes(), in.offset(), in.length(), Codec.standard());
        } catch (IOException | RuntimeException | LinkageError e) {
            throw new InvalidObjectException("the item cannot be deserialised in an executor: " + Failure.reason(e), e);
        }
    }

    /** A result that cannot be sent, with the account of it. */
    private static final class Refused extends Exception {
        private static final long serialVersionUID = 1L;

        private final transient Failure failure;

        Refused(Failure failure) {
            super(null, null, false, false);
            this.failure = failure;
        }
    }

    private static void write(FrameBuffer out, @Nullable Object result, @Nullable Object item, long index)
            throws Refused {
        try {
            Values.write(out, Codec.standard(), result);
        } catch (OutOfMemoryError e) {
            throw e;
        } catch (Exception | LinkageError | StackOverflowError e) {
            throw new Refused(Failure.unsendable(e, result, Codec.standard(), item, index, name()));
        }
    }

    private static void write(FrameBuffer out, Failure failure) throws IOException {
        byte[] bytes = failure.encode();
        out.write(PortionFrames.FAILURE, bytes, 0, bytes.length);
    }

    private static Failure failure(Throwable t, @Nullable Object item, long index) {
        try {
            return Failure.of(t, item, index, name());
        } catch (OutOfMemoryError e) {
            return Failure.inShort(t, index, name());
        }
    }

    /** Which executor this is, as accounts of failures have it. */
    private static String name() {
        SparkEnv env = SparkEnv.get();
        return "executor " + env.executorId() + " on " + env.blockManager().blockManagerId().host() + ", process "
                + ProcessHandle.current().pid();
    }
}

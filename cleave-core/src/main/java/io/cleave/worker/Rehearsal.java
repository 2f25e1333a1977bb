package io.cleave.worker;

import io.cleave.channel.Doorbell;
import io.cleave.channel.FrameBuffer;
import io.cleave.channel.Ring;
import io.cleave.channel.RingValues;
import io.cleave.os.Signals;
import io.cleave.os.Unistd;
import io.cleave.pool.SerializableCallable;
import io.cleave.pool.Task;
import io.cleave.share.Codec;
import io.cleave.share.WriteOptions;
import io.cleave.work.Parcel;
import io.cleave.work.PoolMemory;
import io.cleave.work.TaskFrames;
import io.cleave.work.Values;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import org.apache.fory.Fory;

/**
 * What a JVM does from which the cache of ahead-of-time loaded and linked classes is made: the way of a worker from its
 * start to its first results, with both ends in one process.
 */
final class Rehearsal {
    private static final int ROUNDS = 200;

    private Rehearsal() {
    }

    /** Something that takes a codec. */
    private record Word(String text, List<Integer> places, Map<String, Double> weights) {}

    /** Runs with the arguments of {@link WorkerMain}. */
    static void run(String[] args) throws IOException {
        for (int i = 2; i < args.length; i++) {
            load(args[i]);
        }
        Path file = Files.createTempFile("cleave", ".rehearsal");
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            ByteBuffer head = WorkerMain.map(channel, 0, PoolMemory.HEAD_BYTES);
            ByteBuffer own = WorkerMain.map(channel, PoolMemory.slotAt(0), PoolMemory.SLOT_BYTES);
            rehearse(new PoolMemory.Head(head), new PoolMemory.Slot(own), "codec".equals(args[1]));
        } finally {
            Files.delete(file);
        }
    }

    /** Loads a class without running any of its code. */
    private static void load(String name) {
        try {
            Class.forName(name, false, ClassLoader.getSystemClassLoader());
        } catch (ClassNotFoundException | LinkageError e) {
            return; // a worker will say so, if it needs it
        }
    }

    private static void rehearse(PoolMemory.Head head, PoolMemory.Slot slot, boolean withCodec) throws IOException {
        Ring.Producer tasks = slot.tasks().producer(slot.bell(), () -> true);
        Ring.Consumer results = slot.results().consumer();
        Worker worker = new Worker(head, slot, Unistd.getppid(), false);
        Task<Integer, Object> simple = x -> x + 1;
        FrameBuffer frames = new FrameBuffer(1024);
        frames.write(TaskFrames.TASK, Long.BYTES, 1L << 3 | TaskFrames.APPLY);
        Parcel.writeCode(frames, simple, WriteOptions.defaults());
        frames.write(TaskFrames.TASK, Long.BYTES, 2L << 3 | TaskFrames.CALL);
        SerializableCallable<Integer> call = () -> 1;
        Parcel.writeCode(frames, call, WriteOptions.defaults());
        for (int i = 0; i < ROUNDS; i++) {
            batch(frames, slot, i, 1 + i % 2);
        }
        frames.write(TaskFrames.STOP, 0, 0);
        tasks.tryWrite(frames);
        worker.work();
        while (results.next()) {
            if (Values.isValue(results.kind())) {
                Parcel.open(Parcel.take(results), Codec.standard());
            }
        }
        if (withCodec) {
            encode();
        }
        Doorbell bell = slot.control();
        bell.sleep(bell.prepare(), System.nanoTime() + 1);
        bell.ringAnyway();
        Signals.prctl(Signals.PR_SET_PDEATHSIG, 0); // as it is
    }

    /**
     * The codec, but without what it has for Guava: a JVM that starts from the cache would look for those classes in the jar
     * before anything else, because they cannot be linked.
     */
    private static void encode() {
        Fory fory = Fory.builder().withXlang(false).withCompatible(false).withRefTracking(true)
                .requireClassRegistration(false).suppressClassRegistrationWarnings(true).withCodegen(false)
                .withAsyncCompilation(false).registerGuavaTypes(false).build();
        for (int i = 0; i < ROUNDS; i++) {
            fory.deserialize(fory.serialize(new Word("w" + i, List.of(i), Map.of("a", 0.5))));
        }
    }

    private static void batch(FrameBuffer frames, PoolMemory.Slot slot, long number, long task) throws IOException {
        slot.queued(number);
        byte[] header = new byte[TaskFrames.BATCH_BYTES];
        RingValues.putLong(header, 0, number);
        RingValues.putLong(header, 8, task);
        RingValues.putLong(header, 24, 1);
        frames.write(TaskFrames.BATCH, header, 0, header.length);
        Parcel.write(frames, Codec.standard(), 1, WriteOptions.defaults());
    }
}

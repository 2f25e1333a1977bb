package io.cleave.worker;

import io.cleave.work.CacheFile;
import io.cleave.work.PoolMemory;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * The main class of a worker JVM. A pool starts it; it is of no use to anybody else.
 *
 * <p>
 * What it does before the first result is kept free of everything that takes long to load: no downcall, no codec but
 * Java's own, no logging. Downcalls come into play in the second thread, once there is time.
 */
public final class WorkerMain {
    private WorkerMain() {
    }

    /**
     * Works until the pool says stop, or is gone.
     *
     * @param args the pool's process, the descriptor of its memory there, the slot's number, and "forked" where this JVM
     *        is a copy of the pool's; or "rehearse", "codec"
     *        or "plain", and names of classes, for the JVM from which the cache for workers is made; or "publish", a file and a
     *        key, for the one that gives it its name
     * @throws IOException where the rehearsal fails
     */
    public static void main(String[] args) throws IOException {
        if (args.length > 1 && "rehearse".equals(args[0])) {
            Rehearsal.run(args);
            return;
        }
        if (args.length == 3 && "publish".equals(args[0])) {
            CacheFile.publish(Path.of(args[1]), args[2]);
            return;
        }
        boolean isForked = args.length == 4 && "forked".equals(args[3]);
        if (args.length != 3 && !isForked) {
            System.err.println("This class is started by io.cleave.pool.ProcessPool, not by hand.");
            Runtime.getRuntime().halt(2);
        }
        long parent = Long.parseLong(args[0]);
        int slot = Integer.parseInt(args[2]);
        Worker worker = null;
        try (FileChannel file = FileChannel.open(Path.of("/proc/".concat(args[0]).concat("/fd/").concat(args[1])),
                StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            ByteBuffer head = map(file, 0, PoolMemory.HEAD_BYTES);
            ByteBuffer own = map(file, PoolMemory.slotAt(slot), PoolMemory.SLOT_BYTES);
            worker = new Worker(new PoolMemory.Head(head), new PoolMemory.Slot(own), parent,
                    isForked);
        } catch (IOException e) {
            System.err.println("The pool of process " + parent + " cannot be reached: " + e);
            Runtime.getRuntime().halt(PoolMemory.EXIT_UNCONNECTED);
        }
        if (worker != null) {
            worker.live();
        }
    }

    static ByteBuffer map(FileChannel file, long offset, long byteSize) throws IOException {
        // The older method of the same name makes its buffer by reflection, which takes milliseconds to get going.
        return file.map(FileChannel.MapMode.READ_WRITE, offset, byteSize, Arena.global()).asByteBuffer();
    }
}

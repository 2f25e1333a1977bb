package io.cleave.fission;

import io.cleave.channel.Doorbell;
import io.cleave.channel.Ring;
import io.cleave.channel.RingValues;
import io.cleave.fork.ChildLife;
import io.cleave.fork.ExitGuard;
import io.cleave.fork.Forks;
import io.cleave.fork.Seeds;
import io.cleave.fork.WholeSupport;
import io.cleave.os.Futex;
import io.cleave.os.ProcFs;
import io.cleave.os.Signals;
import io.cleave.os.Unistd;
import io.cleave.share.Codec;
import io.cleave.work.Failure;
import io.cleave.work.Values;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.management.LockInfo;
import java.lang.management.ThreadInfo;
import java.lang.ref.WeakReference;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;

/**
 * What is done once in each JVM before the first fork: all that a child will need of Cleave's own code is run here, so
 * that no child has to load a class for it.
 */
final class Preparation {
    private static final int ROUNDS = 50;
    private static final int COMPILED_ROUNDS = 400;
    private static final int FEW_ROUNDS = 4;

    private static boolean done;
    /** Codecs that have been used in this JVM; without a lock, which a child might find held. */
    private static final AtomicReference<List<WeakReference<Codec>>> READY = new AtomicReference<>(List.of());

    /** Something of each common kind, for a codec to try itself on. */
    private record Sample(String text, int number, List<Object> list, List<Object> same, Map<String, Long> map,
            Kind kind,
            BigDecimal decimal, Instant time, Locale locale) implements Serializable {
        private static final long serialVersionUID = 1L;

        Sample(int n) {
            this("text " + n, n, new ArrayList<>(List.of(n, 1L, 2.0, "four")));
        }

        /** What is there twice is proven to be readable; a locale has the serial form of its own. */
        private Sample(String text, int n, List<Object> list) {
            this(text, n, list, list, new HashMap<>(Map.of("key", 5L)), Kind.ONE, BigDecimal.TEN, Instant.EPOCH,
                    Locale.ROOT);
        }
    }

    /** A kind of sample. */
    private enum Kind {
        /** The only one. */
        ONE
    }

    private Preparation() {
    }

    static synchronized void once() {
        if (!done) {
            ExitGuard.install();
            RunSpliterator.prepare();
            for (int round = 0; round < ROUNDS; round++) {
                Seeds.renew();
            }
            ChildLife.detachFiles(Integer.MAX_VALUE);
            initializeWhatChildrenUse();
            boolean whole = WholeSupport.isThere();
            callWhatChildrenCall(whole ? FEW_ROUNDS : COMPILED_ROUNDS);
            rehearse(whole ? FEW_ROUNDS : ROUNDS);
            if (whole) {
                ChildWatch.rehearse();
            }
            done = true;
        }
    }

    /**
     * Cleave's own classes that are first used in a child. Another thread might be inside the initializer of one of them at
     * the fork, and the child would wait for that thread; and it saves each child the time.
     */
    private static void initializeWhatChildrenUse() {
        try {
            Forks.initialize(List.of(ProcFs.class, Futex.class, Doorbell.class, Ring.class, Ring.Producer.class,
                    RingValues.class,
                    Values.class, Failure.class, ThreadInfo.class, LockInfo.class));
            for (Class<?> type : List.of(Forker.Forked.class, ChildWatch.class, ChildMain.class, DeadlockProof.class,
                    ParentWatch.class, Eden.class, Window.class)) {
                MethodHandles.lookup().ensureInitialized(type);
            }
        } catch (ReflectiveOperationException e) {
            throw new LinkageError("a class that is there cannot be initialized", e);
        }
    }

    /** What only children need that can load and compile nothing. */
    static synchronized void forChildrenOfOneThread() {
        callWhatChildrenCall(COMPILED_ROUNDS);
        rehearse(ROUNDS);
    }

    /** Whether a codec has been used in this JVM, so that its classes are loaded. */
    static boolean isReady(Codec codec) {
        for (WeakReference<Codec> known : READY.get()) {
            if (known.refersTo(codec)) {
                return true;
            }
        }
        return false;
    }

    /** A codec is about to be used in this JVM. */
    static void markReady(Codec codec) {
        if (isReady(codec)) {
            return;
        }
        READY.updateAndGet(known -> {
            List<WeakReference<Codec>> all = new ArrayList<>(known);
            all.removeIf(one -> one.refersTo(null));
            all.add(new WeakReference<>(codec));
            return all;
        });
    }

    /** Uses a codec in this JVM, so that children find its classes loaded. */
    static void ready(Codec codec) {
        if (!isReady(codec)) {
            markReady(codec);
            for (int round = 0; round < ROUNDS; round++) {
                try {
                    byte[] bytes = codec.encode(new Sample(round));
                    codec.decode(bytes, 0, bytes.length);
                    codec.encode(new long[round], part -> 0);
                } catch (IOException | RuntimeException e) {
                    return; // a codec for other things than these; it is loaded all the same
                }
            }
        }
    }

    /** Calls each system call that a child makes, often enough for the JVM to compile the way there. */
    private static void callWhatChildrenCall(int rounds) {
        ChildLife.rehearse(rounds);
        Nap.of(1);
        Signals.prctl(Signals.PR_SET_PDEATHSIG, 0);
        Unistd.getppid();
        Unistd.rehearseExit();
        ProcFs.bytesDirtied(Unistd.getpid());
    }

    /** Plays a child's part in this process, on memory of its own. */
    private static void rehearse(int rounds) {
        int capacity = 1 << 16;
        try (Arena arena = Arena.ofConfined(); RunMemory memory = new RunMemory(1)) {
            MemorySegment bell = arena.allocate(Doorbell.BYTES, 64);
            Ring ring = new Ring(arena.allocate(Ring.bytesFor(capacity), 64), capacity);
            Object[] items = {null, true, 1, 2L, 3.0, "four", new byte[SideBuffer.LEAST_BYTES]};
            SideBuffer side = memory.side(0);
            Ring.Consumer in = ring.consumer();
            ParentWatch watch = new ParentWatch(Unistd.getppid(), memory.slot(0));
            Ring.Producer out = ring.producer(new Doorbell(bell), watch);
            memory.slot(0).edenOpaque(Eden.free());
            Eden.budget(Eden.free(), Eden.share(1));
            Doorbell door = new Doorbell(bell);
            for (int round = 0; round < rounds; round++) {
                door.sleep(door.prepare(), 0);
                watch.waitBegins();
                watch.lives();
                watch.waitEnds();
                door.prepare(); // a sleeper, for the child to wake
                Body body = round % 2 == 0 ? new Body.Itemwise(x -> x)
                        : new Body.Slicewise(list -> list.stream().filter(x -> true).map(x -> x));
                try (Window window = new Window(items, 0, 1)) {
                    new ChildMain(body, Codec.java(), null, window, 1, memory.slot(0), out, side.producer(),
                            Long.MAX_VALUE, 0, 0).work();
                }
                read(in);
                side.reset();
            }
            Body failing = new Body.Itemwise(x -> {
                throw new IllegalStateException("a rehearsal");
            });
            try (Window window = new Window(items, 0, 1)) {
                new ChildMain(failing, Codec.java(), null, window, 1, memory.slot(0), out, side.producer(),
                        Long.MAX_VALUE, 0, 0).work();
            }
            read(in);
        }
    }

    private static void read(Ring.Consumer in) {
        try {
            while (in.next()) {
                if (Values.isValue(in.kind())) {
                    if (in.kind() != Values.ENCODED) { // which lacks its array
                        Values.read(in, Codec.java());
                    }
                } else if (in.kind() == Frames.FAILURE) {
                    Failure.decode(in.bytes(), in.offset(), in.length()).toThrowable();
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

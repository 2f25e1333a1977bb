package io.cleave.sync;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.memory.SharedMemory;
import io.cleave.testing.Background;
import io.cleave.testing.Delays;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.function.Function;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.TestInstance;

/** What a kind of object promises, wherever it lies and whoever uses it. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class Contract<T extends AutoCloseable> {
    private static final String NAME = "contract";
    private static final String DATA = "contract-data";
    private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

    /** Where the object lies, and who the other party is. */
    enum Place {
        /** On a segment, by one handle. */
        SEGMENT,
        /** On a block, by two handles of this JVM. */
        TWO_MAPPINGS,
        /** On a block; the other party is in another JVM. */
        TWO_JVMS
    }

    private final Place place;
    private final long bytes;
    private final Function<MemorySegment, T> at;
    private final OtherJvm.Opener<T> named;
    private OtherJvm jvm;
    private Arena arena;
    private SharedMemory block;

    /** A handle of this JVM. */
    T one;
    /** Another handle of this JVM, or the same. */
    T two;
    /** The other party: it uses {@link #two}, or has a handle in another JVM. */
    Party<T> other;
    /** Shared by the parties, zero at first. */
    MemorySegment data;

    Contract(Place place, long bytes, Function<MemorySegment, T> at, OtherJvm.Opener<T> named) {
        this.place = place;
        this.bytes = bytes;
        this.at = at;
        this.named = named;
    }

    /** A number that all parties share, plain, as what a lock guards. */
    static long plain(MemorySegment data, int index) {
        return (long) LONG.get(data, index * 8L);
    }

    /** Sets a shared number that a lock guards. */
    static void plain(MemorySegment data, int index, long value) {
        LONG.set(data, index * 8L, value);
    }

    /** Tells the parties that something has come about. */
    static void say(MemorySegment data, int index) {
        LONG.setVolatile(data, index * 8L, 1L);
    }

    /** Waits until a party has said so. */
    static void hear(MemorySegment data, int index) {
        assertThat(Delays.within(Delays.PATIENCE, () -> (long) LONG.getVolatile(data, index * 8L) != 0)).isTrue();
    }

    @BeforeAll
    void startJvm() throws IOException {
        if (place == Place.TWO_JVMS) {
            jvm = OtherJvm.start();
        }
    }

    @AfterAll
    void endJvm() throws IOException {
        if (jvm != null) {
            jvm.close();
        }
    }

    @BeforeEach
    void open() throws Exception {
        block = SharedMemory.create(DATA, 128);
        data = block.segment();
        if (place == Place.SEGMENT) {
            arena = Arena.ofShared();
            one = at.apply(arena.allocate(bytes, 8));
            two = one;
        } else {
            one = named.open(NAME);
            two = named.open(NAME);
        }
        other = place == Place.TWO_JVMS ? jvm.join(named, NAME, DATA) : new Party<>() {
            @Override
            public <R> Background<R> start(boolean isVirtual, Work<T, R> work) {
                return Background.start(isVirtual, () -> work.on(two, data));
            }
        };
    }

    @AfterEach
    void close() throws Exception {
        if (place == Place.TWO_JVMS) {
            jvm.leave();
        }
        two.close();
        one.close();
        if (place == Place.SEGMENT) {
            arena.close();
        }
        block.close();
    }
}

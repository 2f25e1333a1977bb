package io.cleave.share;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.testing.ChildJvm;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** Views of small values share memory, and nobody may notice. */
class CopyMemoryTest {
    private static final int THREADS = 4;
    private static final int PIECES = 3000;
    private static final int MOST_BYTES = 1 << 15;

    /** From nothing to what has an arena of its own, through many slabs, by several threads at once. */
    @Test
    void everyPieceIsItsOwnersAlone() throws Exception {
        try (ExecutorService threads = Executors.newFixedThreadPool(THREADS)) {
            List<Callable<List<MemorySegment>>> takers = new ArrayList<>();
            for (int thread = 0; thread < THREADS; thread++) {
                byte mark = (byte) (thread + 1);
                takers.add(() -> taken(mark));
            }
            for (Future<List<MemorySegment>> future : threads.invokeAll(takers)) {
                for (MemorySegment piece : future.get()) {
                    assertThat(piece.address() % ImageLayout.ALIGNMENT).isZero();
                    if (piece.byteSize() > 0) {
                        byte first = piece.get(ValueLayout.JAVA_BYTE, 0);
                        assertThat(first).isNotZero();
                        MemorySegment expected = MemorySegment.ofArray(new byte[(int) piece.byteSize()]).fill(first);
                        assertThat(piece.mismatch(expected)).isEqualTo(-1);
                    }
                }
            }
        }
    }

    private static List<MemorySegment> taken(byte mark) {
        List<MemorySegment> pieces = new ArrayList<>();
        for (int i = 0; i < PIECES; i++) {
            int byteSize = i % 100 == 0 ? MOST_BYTES : i * 37 % 1500;
            byte own = (byte) (mark * 16 + i % 16); // no neighbour has the same
            pieces.add(CopyMemory.allocate(byteSize).fill(own));
            assertThat(pieces.getLast().byteSize()).isEqualTo(byteSize);
        }
        return pieces;
    }

    /** Keeps a few of many small views, as a filter does. */
    static final class Keeper {
        public static void main(String[] arguments) {
            byte[] token = Share.writeBytes(new byte[64]);
            List<MemorySegment> kept = new ArrayList<>();
            for (int i = 0; i < 300_000; i++) {
                MemorySegment view = Share.read(token, MemorySegment.class);
                if (i % 300 == 0) {
                    kept.add(view);
                }
            }
            System.out.println("kept " + kept.size());
        }
    }

    @Test
    void aFewOfManySmallViewsDoNotKeepTheMemoryOfAll() {
        try (ChildJvm keeper = ChildJvm.start(List.of("-XX:MaxDirectMemorySize=8m"), Keeper.class)) {
            assertThat(keeper.awaitLine("kept ")).endsWith("1000");
        }
    }

    @Test
    void whatIsWrittenToOneViewIsSeenInNoOther() {
        String token = Share.write(new byte[] {1, 2, 3});
        MemorySegment mine = Share.readPrivate(token, MemorySegment.class);
        MemorySegment other = Share.read(token, MemorySegment.class);
        assertThat(mine).isNotNull();
        assertThat(other).isNotNull();
        mine.fill((byte) 9);
        assertThat(other.toArray(ValueLayout.JAVA_BYTE)).containsExactly(1, 2, 3);
        assertThat(other.isReadOnly()).isTrue();
        assertThat(mine.byteSize()).isEqualTo(3);
    }
}

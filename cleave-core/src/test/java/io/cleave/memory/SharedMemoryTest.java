package io.cleave.memory;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.AllocationException;
import io.cleave.AlreadyExistsException;
import io.cleave.BlockNotFoundException;
import io.cleave.CleaveException;
import io.cleave.IncompatibleBlockException;
import io.cleave.os.Futex;
import io.cleave.testing.Delays;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What one process can see of blocks. */
final class SharedMemoryTest {
    private static final String NAME = "memory-test";

    private static boolean exists(String name) {
        return SharedMemory.list().stream().anyMatch(info -> info.name().equals(name));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ".", ".hidden", "a/b", "../x", "a b", "ä", "a\n", "a\0"})
    void whatCannotBeANameIsRefusedWithTheRule(String name) {
        assertThatIllegalArgumentException().isThrownBy(() -> SharedMemory.create(name, 1))
                .withMessageContaining("\"" + name + "\"").withMessageContaining("1 to 200");
        assertThatIllegalArgumentException().isThrownBy(() -> SharedMemory.open(name));
        assertThatIllegalArgumentException().isThrownBy(() -> SharedMemory.openOrCreate(name, 1));
    }

    @Test
    void aNameHasUpTo200Characters() {
        String longest = "x".repeat(200);
        try (SharedMemory block = SharedMemory.create(longest, 1)) {
            assertThat(block.name()).isEqualTo(longest);
        }
        assertThatIllegalArgumentException().isThrownBy(() -> SharedMemory.create(longest + "x", 1));
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "-", "_", "A.b-c_9", "x."})
    void whatMayBeANameIsOne(String name) {
        try (SharedMemory block = SharedMemory.create(name, 1)) {
            assertThat(exists(name)).isTrue();
            assertThat(block.toString()).contains(name, "1 bytes");
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, -1, Long.MIN_VALUE})
    void aBlockHasAtLeastOneByte(long byteSize) {
        assertThatIllegalArgumentException().isThrownBy(() -> SharedMemory.create(NAME, byteSize))
                .withMessageContaining("" + byteSize);
        assertThatIllegalArgumentException().isThrownBy(() -> SharedMemory.openOrCreate(NAME, byteSize));
        assertThatIllegalArgumentException().isThrownBy(() -> SharedMemory.anonymous(byteSize));
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 7, 4095, 4096, 4097, 20_000_001})
    void theSegmentHasExactlyTheSizeAskedForBeginsOnAPageAndHoldsZeroes(long byteSize) {
        try (SharedMemory block = SharedMemory.create(NAME, byteSize); SharedMemory other = SharedMemory.open(NAME)) {
            assertThat(block.byteSize()).isEqualTo(byteSize);
            assertThat(other.byteSize()).isEqualTo(byteSize);
            assertThat(other.segment().byteSize()).isEqualTo(byteSize);
            assertThat(other.segment().address() % 4096).isZero();
            assertThat(other.segment().mismatch(MemorySegment.ofArray(new byte[(int) byteSize]))).isEqualTo(-1);
        }
    }

    @Test
    void allHandlesSeeTheSameMemory() {
        try (SharedMemory block = SharedMemory.create(NAME, 64); SharedMemory other = SharedMemory.open(NAME)) {
            block.segment().set(JAVA_LONG, 8, 42);
            assertThat(other.segment().get(JAVA_LONG, 8)).isEqualTo(42);
            other.segment().set(JAVA_LONG, 56, 43);
            assertThat(block.segment().get(JAVA_LONG, 56)).isEqualTo(43);
        }
    }

    @Test
    void aNameThatIsTakenIsRefused() {
        try (SharedMemory block = SharedMemory.create(NAME, 64)) {
            assertThatThrownBy(() -> SharedMemory.create(NAME, 64)).isInstanceOf(AlreadyExistsException.class)
                    .hasMessageContaining(NAME).hasMessageContaining("64 bytes")
                    .hasMessageContaining("process " + ProcessHandle.current().pid());
            assertThat(block.segment().byteSize()).isEqualTo(64);
        }
    }

    @Test
    void nothingIsFoundWhereNothingIs() {
        assertThatThrownBy(() -> SharedMemory.open(NAME)).isInstanceOf(BlockNotFoundException.class)
                .hasMessageContaining(NAME);
    }

    @Test
    void theLastHandleThatIsClosedRemovesTheBlock() {
        SharedMemory creator = SharedMemory.create(NAME, 8);
        SharedMemory second = SharedMemory.open(NAME);
        creator.close();
        assertThat(exists(NAME)).isTrue();
        SharedMemory third = SharedMemory.open(NAME);
        second.close();
        assertThat(exists(NAME)).isTrue();
        third.close();
        assertThat(exists(NAME)).isFalse();
        assertThatThrownBy(() -> SharedMemory.open(NAME)).isInstanceOf(BlockNotFoundException.class);
    }

    @Test
    void closingOneOfTwoHandlesLeavesTheOtherAsItWas() {
        try (SharedMemory block = SharedMemory.create(NAME, 8)) {
            SharedMemory other = SharedMemory.open(NAME);
            other.segment().set(JAVA_LONG, 0, 42);
            other.close();
            assertThat(block.segment().get(JAVA_LONG, 0)).isEqualTo(42);
            try (SharedMemory again = SharedMemory.open(NAME)) {
                assertThat(again.segment().get(JAVA_LONG, 0)).isEqualTo(42);
            }
        }
    }

    @Test
    void closingTwiceIsClosingOnce() {
        SharedMemory block = SharedMemory.create(NAME, 8);
        block.close();
        try (SharedMemory successor = SharedMemory.create(NAME, 8)) {
            block.close();
            assertThat(exists(NAME)).isTrue();
            assertThat(successor.segment().get(JAVA_LONG, 0)).isZero();
        }
    }

    @Test
    void afterCloseEveryAccessIsRefusedAndNoneCrashes() {
        SharedMemory block = SharedMemory.create(NAME, 8);
        MemorySegment segment = block.segment();
        MemorySegment slice = segment.asSlice(4);
        block.close();
        assertThatIllegalStateException().isThrownBy(() -> segment.get(JAVA_BYTE, 0));
        assertThatIllegalStateException().isThrownBy(() -> slice.set(JAVA_INT, 0, 1));
        assertThatIllegalStateException().isThrownBy(() -> block.segment().fill((byte) 1));
        assertThatIllegalStateException().isThrownBy(block::unlink).withMessageContaining("closed");
        assertThat(block.byteSize()).isEqualTo(8);
    }

    @Test
    void closingDuringANativeCallIsRefusedAndLosesNothing() {
        SharedMemory block = SharedMemory.create(NAME, 4);
        CompletableFuture<Integer> call = waitOn(block);
        // A wake that finds the waiter would end it, so the state of the call is asked for by closing.
        while (!closeIsRefused(block)) {
            call.handle((result, refusal) -> refusal).join(); // it had not begun when the block was closed
            block = SharedMemory.create(NAME, 4);
            call = waitOn(block);
            Delays.pause(Delays.SHORT);
        }
        MemorySegment word = block.segment();
        CompletableFuture<Integer> waiting = call;
        assertThat(exists(NAME)).isTrue();
        assertThat(word.get(JAVA_INT, 0)).isZero();
        assertThat(Delays.within(Delays.PATIENCE, () -> waiting.isDone() || Futex.wake(word, 1, false) == 1)).isTrue();
        assertThat(waiting.join()).isZero();
        block.close();
        assertThat(exists(NAME)).isFalse();
    }

    private static CompletableFuture<Integer> waitOn(SharedMemory block) {
        MemorySegment word = block.segment();
        return CompletableFuture.supplyAsync(() -> Futex.wait_bitset(word, 0, Futex.NEVER, false));
    }

    private static boolean closeIsRefused(SharedMemory block) {
        try {
            block.close();
            return false;
        } catch (IllegalStateException e) {
            assertThat(e).hasMessageContaining("close() may be called again");
            return true;
        }
    }

    @Test
    void aPersistentBlockStaysUntilItIsUnlinked() {
        SharedMemory.create(NAME, 8, Lifetime.PERSISTENT).close();
        assertThat(exists(NAME)).isTrue();
        assertThatThrownBy(() -> SharedMemory.create(NAME, 8)).isInstanceOf(AlreadyExistsException.class);
        SharedMemory.openOrCreate(NAME, 8).close();
        try (SharedMemory block = SharedMemory.open(NAME)) {
            block.unlink();
            assertThat(exists(NAME)).isFalse();
        }
        assertThat(exists(NAME)).isFalse();
    }

    @Test
    void unlinkFreesTheNameAndLeavesTheMemoryToThoseWhoHaveIt() {
        SharedMemory old = SharedMemory.create(NAME, 8);
        SharedMemory alsoOld = SharedMemory.open(NAME);
        old.segment().set(JAVA_LONG, 0, 1);
        old.unlink();
        try (SharedMemory successor = SharedMemory.create(NAME, 8)) {
            assertThat(successor.segment().get(JAVA_LONG, 0)).isZero();
            assertThat(alsoOld.segment().get(JAVA_LONG, 0)).isEqualTo(1);
            alsoOld.unlink();
            alsoOld.close();
            old.close();
            assertThat(exists(NAME)).as("the successor's name is not the predecessor's").isTrue();
        }
        assertThat(exists(NAME)).isFalse();
    }

    @Test
    void openOrCreateMakesWhatIsMissingAndFindsWhatIsThere() {
        try (SharedMemory made = SharedMemory.openOrCreate(NAME, 16)) {
            made.segment().set(JAVA_LONG, 0, 42);
            try (SharedMemory found = SharedMemory.openOrCreate(NAME, 16)) {
                assertThat(found.segment().get(JAVA_LONG, 0)).isEqualTo(42);
            }
            assertThatThrownBy(() -> SharedMemory.openOrCreate(NAME, 17))
                    .isInstanceOf(IncompatibleBlockException.class).hasMessageContainingAll(NAME, "16", "17");
        }
        assertThat(exists(NAME)).as("the refused attempts left no handle open").isFalse();
    }

    @Test
    void anAnonymousBlockHasMemoryAndNoName() {
        SharedMemory block = SharedMemory.anonymous(10_000);
        int before = SharedMemory.list().size();
        block.segment().fill((byte) 1);
        assertThat(block.name()).isEmpty();
        assertThat(block.byteSize()).isEqualTo(10_000);
        assertThat(block.toString()).contains("anonymous");
        block.unlink();
        block.close();
        block.close();
        assertThatIllegalStateException().isThrownBy(() -> block.segment().get(JAVA_BYTE, 0));
        assertThat(SharedMemory.list()).hasSize(before);
    }

    @ParameterizedTest
    @ValueSource(longs = {1L << 50, 1L << 62, Long.MAX_VALUE - 4096, Long.MAX_VALUE})
    void moreThanThereIsIsRefusedWithTheFiguresAndLeavesNothing(long byteSize) {
        assertThatThrownBy(() -> SharedMemory.create(NAME, byteSize)).isInstanceOf(AllocationException.class)
                .hasMessageContaining("asked for").hasMessageMatching("(?s).*[\\d,]+ bytes .*(free|available).*");
        assertThatThrownBy(() -> SharedMemory.anonymous(byteSize)).isInstanceOf(AllocationException.class)
                .hasMessageContaining("of memory are available");
        assertThat(exists(NAME)).isFalse();
    }

    @Test
    void anUnusableDirectoryIsNamedTogetherWithTheVariableThatChoosesAnother(@TempDir Path temporary) {
        BlockDirectory missing = new BlockDirectory(temporary.resolve("missing"));
        assertThatThrownBy(() -> missing.create(NAME, 1, MemoryOptions.defaults()))
                .isInstanceOf(CleaveException.class).hasMessageContainingAll("missing", "CLEAVE_DIR");
        BlockDirectory noUnnamedFiles = new BlockDirectory(Path.of("/proc"));
        assertThatThrownBy(() -> noUnnamedFiles.create(NAME, 1, MemoryOptions.defaults()))
                .isInstanceOf(CleaveException.class).hasMessageContainingAll("/proc", "CLEAVE_DIR");
        assertThat(missing.list()).isEmpty();
        assertThat(missing.cleanup(false)).isEqualTo(missing.cleanup(true));
    }

    @Test
    void aHandleThatNobodyCanReachIsGivenUp() {
        createAndForget();
        assertThat(Delays.within(Delays.PATIENCE, () -> {
            System.gc();
            return !exists(NAME);
        })).isTrue();
    }

    private static void createAndForget() {
        assertThat(SharedMemory.create(NAME, 1 << 20).segment().byteSize()).isEqualTo(1 << 20);
    }

    @Test
    void aSliceOfTheSegmentIsEnoughToKeepTheHandle() {
        MemorySegment slice = SharedMemory.create(NAME, 1 << 20).segment().asSlice(64, 8);
        for (int i = 0; i < 5; i++) {
            System.gc();
            Delays.pause(Delays.SHORT);
        }
        assertThat(exists(NAME)).isTrue();
        slice.set(JAVA_LONG, 0, 42);
        assertThat(slice.get(JAVA_LONG, 0)).isEqualTo(42);
        SharedMemory.open(NAME).unlink();
    }
}

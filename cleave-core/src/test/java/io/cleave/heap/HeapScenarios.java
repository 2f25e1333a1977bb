package io.cleave.heap;

import io.cleave.CleaveException;
import io.cleave.HeapFullException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The operations of the heap itself, cut off at each of their stores. The structure that they change is a row of slots
 * that lead to blocks full of one number, with a count of all changes, under a lock.
 */
public final class HeapScenarios implements CrashHarness.Scenarios {
    static final long SMALL = 64;
    static final long MEDIUM = 8192;
    static final long LARGE = 100_000;
    private static final int COUNT = 14;
    private static final int LOCK = 15;
    private static final int VICTIMS = 0;
    private static final int NEXTS = 1;
    private static final long NEW = 1000;

    /** What comes before the victim. */
    private interface Preparation {
        void run(Heap heap);
    }

    @Override
    public List<CrashScenario> get() {
        List<CrashScenario> all = new ArrayList<>();
        all.add(new Replacing("first-block", 0, SMALL, _ -> {}));
        all.add(new Replacing("first-large-block", 0, LARGE, _ -> {}));
        all.add(new Replacing("replace-small", SMALL, SMALL, heap -> replace(heap, 2, SMALL, 1)));
        all.add(new Replacing("replace-large", LARGE, LARGE, _ -> {}));
        all.add(new Replacing("small-by-large", SMALL, LARGE, _ -> {}));
        all.add(new Replacing("large-by-medium", LARGE, MEDIUM, _ -> {}));
        all.add(new Replacing("remove-large", LARGE, 0, _ -> {}));
        all.add(new Replacing("into-a-full-stock", MEDIUM, 0, HeapScenarios::fillStocks));
        all.add(new Replacing("out-of-a-full-heap", 0, 3 * LARGE, HeapScenarios::fill));
        all.add(new Replacing("fills-a-heap-with-stocks", 0, MEDIUM, HeapScenarios::fillButForStocks, MEDIUM));
        all.add(new Headers());
        all.add(new Raw());
        return all;
    }

    static void replace(Heap heap, int slot, long bytes, long number) {
        heap.locks().lock(heap.rootAt(LOCK));
        try (Change change = heap.change()) {
            replace(heap, change, slot, bytes, number);
            change.set(heap.rootAt(COUNT), change.get(heap.rootAt(COUNT)) + 1);
            change.commit();
        } finally {
            heap.locks().unlock(heap.rootAt(LOCK));
        }
    }

    private static void replace(Heap heap, Change change, int slot, long bytes, long number) {
        long old = change.get(heap.rootAt(slot));
        long block = 0;
        if (bytes > 0) {
            block = change.allocate(bytes);
            heap.memory().setPlain(block, bytes);
            for (long at = 8; at < bytes; at += at < 64 ? 8 : 4096) {
                heap.memory().setPlain(block + at, number);
            }
        }
        change.set(heap.rootAt(slot), block);
        if (old != 0) {
            change.free(old);
        }
    }

    /** The number in a slot's block; 0 where there is none. */
    static long number(Heap heap, int slot) {
        long block = heap.memory().getPlain(heap.rootAt(slot));
        if (block == 0) {
            return 0;
        }
        long bytes = heap.memory().getPlain(block);
        long number = heap.memory().getPlain(block + 8);
        for (long at = 8; at < bytes; at += at < 64 ? 8 : 4096) {
            if (heap.memory().getPlain(block + at) != number) {
                throw new AssertionError("slot " + slot + " has " + number + " and "
                        + heap.memory().getPlain(block + at));
            }
        }
        return number;
    }

    /** Fills each context's stock of medium blocks, whichever the victim will have. */
    private static void fillStocks(Heap heap) {
        List<Change> held = new ArrayList<>();
        for (int i = 0; i < heap.contexts().length; i++) {
            Change change = heap.change();
            held.add(change);
            List<Long> blocks = new ArrayList<>();
            for (int j = 0; j < SizeClasses.stock(SizeClasses.of(MEDIUM)); j++) {
                blocks.add(change.allocate(MEDIUM));
            }
            change.commit();
            blocks.forEach(change::free);
            change.commit();
        }
        held.forEach(Change::close);
    }

    /** Leaves no page: the slots from 3 on have all. */
    private static void fill(Heap heap) {
        try {
            for (int slot = 3; slot < COUNT; slot++) {
                replace(heap, slot, LARGE, slot);
            }
        } catch (HeapFullException e) {
            // that is what is wanted
        }
        for (int slot = 3; slot < 8; slot++) {
            replace(heap, slot, 0, 0);
        }
    }

    /** Leaves no pages; blocks of another class are free, in the stocks of all contexts. */
    private static void fillButForStocks(Heap heap) {
        List<Long> blocks = new ArrayList<>();
        int stock = SizeClasses.stock(SizeClasses.of(2 * MEDIUM));
        try (Change change = heap.change()) {
            for (int i = 0; i < heap.contexts().length * stock; i++) {
                blocks.add(change.allocate(2 * MEDIUM));
            }
            change.commit();
        }
        RawBlocks raw = new RawBlocks(heap);
        for (long bytes = LARGE; bytes > SizeClasses.LARGEST_BYTES; bytes -= HeapLayout.PAGE_BYTES) {
            try {
                while (true) {
                    long _ = raw.allocate(bytes, 1);
                }
            } catch (HeapFullException e) {
                continue; // until there is no run of pages left
            }
        }
        List<Change> held = new ArrayList<>();
        for (int i = 0; i < heap.contexts().length; i++) {
            Change change = heap.change();
            held.add(change);
            blocks.subList(i * stock, (i + 1) * stock).forEach(change::free);
            change.commit();
        }
        held.forEach(Change::close);
    }

    /** A slot's block is replaced by another. */
    private static final class Replacing implements CrashScenario {
        private final String name;
        private final long before;
        private final long after;
        private final Preparation preparation;
        private final long most;

        Replacing(String name, long before, long after, Preparation preparation) {
            this(name, before, after, preparation, 3 * LARGE);
        }

        /** With the largest block that can be made in the end. */
        Replacing(String name, long before, long after, Preparation preparation, long most) {
            this.most = most;
            this.name = name;
            this.before = before;
            this.after = after;
            this.preparation = preparation;
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public void prepare(Heap heap) {
            replace(heap, VICTIMS, before, 1);
            preparation.run(heap);
            heap.memory().setRelease(heap.rootAt(COUNT), 0);
        }

        @Override
        public void victim(Heap heap) {
            replace(heap, VICTIMS, after, NEW);
        }

        @Override
        public void next(Heap heap) {
            replace(heap, NEXTS, SMALL, NEW);
        }

        @Override
        public void check(Heap heap, boolean hasVictimDied, @Nullable Boolean hasNextDied) {
            boolean isDone = number(heap, VICTIMS) == (after == 0 ? 0 : NEW);
            if (!isDone && number(heap, VICTIMS) != (before == 0 ? 0 : 1)) {
                throw new AssertionError("the victim's slot has " + number(heap, VICTIMS));
            }
            boolean isNextDone = number(heap, NEXTS) == NEW;
            long count = heap.memory().getPlain(heap.rootAt(COUNT));
            if (count != (isDone ? 1 : 0) + (isNextDone ? 1 : 0)) {
                throw new AssertionError("the victim has done it: " + isDone + ", the next: " + isNextDone + ", count "
                        + count);
            }
            if ((!isDone && !hasVictimDied) || (!isNextDone && Boolean.FALSE.equals(hasNextDied))) {
                throw new AssertionError("nobody died, and it has not happened: " + isDone + ", " + isNextDone);
            }
            for (int slot = 0; slot < COUNT; slot++) {
                replace(heap, slot, 0, 0);
            }
            for (long bytes : new long[] {SMALL, MEDIUM, most / 3, most}) {
                replace(heap, 0, bytes, bytes);
                if (number(heap, 0) != bytes) {
                    throw new AssertionError("a block of " + bytes + " has " + number(heap, 0));
                }
            }
        }

        @Override
        public void walk(Heap heap, Check check) {
            for (int slot = 0; slot < COUNT; slot++) {
                long block = heap.memory().getPlain(heap.rootAt(slot));
                if (block != 0) {
                    long _ = check.reached(block);
                }
            }
        }
    }

    /** A header is dropped and another made, at once. */
    private static final class Headers implements CrashScenario {
        @Override
        public String name() {
            return "headers";
        }

        @Override
        public void prepare(Heap heap) {
            replaceHeader(heap);
        }

        private static void replaceHeader(Heap heap) {
            heap.locks().lock(heap.rootAt(LOCK));
            try (Change change = heap.change()) {
                long old = change.get(heap.rootAt(0));
                long header = change.allocateHeader();
                change.set(heap.rootAt(0), header);
                change.set(heap.rootAt(1), change.generation(header));
                change.set(heap.rootAt(2), change.get(heap.rootAt(2)) + 1);
                if (old != 0) {
                    change.set(heap.rootAt(3), old);
                    change.set(heap.rootAt(4), change.generation(old));
                    change.free(old);
                }
                change.commit();
            } finally {
                heap.locks().unlock(heap.rootAt(LOCK));
            }
        }

        @Override
        public void victim(Heap heap) {
            replaceHeader(heap);
        }

        @Override
        public void next(Heap heap) {
            replaceHeader(heap);
        }

        @Override
        public void check(Heap heap, boolean hasVictimDied, @Nullable Boolean hasNextDied) {
            HeapMemory memory = heap.memory();
            long header = memory.getPlain(heap.rootAt(0));
            long generation = memory.getPlain(heap.rootAt(1));
            if (generation % 2 != 1 || memory.getPlain(header) != generation) {
                throw new AssertionError(
                        "the header has generation " + memory.getPlain(header) + ", not " + generation);
            }
            long done = memory.getPlain(heap.rootAt(2)) - 1;
            long least = (hasVictimDied ? 0 : 1) + (Boolean.FALSE.equals(hasNextDied) ? 1 : 0);
            if (done < least || done > (hasNextDied == null ? 1 : 2)) {
                throw new AssertionError(done + " of at least " + least);
            }
            long old = memory.getPlain(heap.rootAt(3));
            if (done > 0 && old != header && memory.getPlain(old) != memory.getPlain(heap.rootAt(4)) + 1) {
                throw new AssertionError("the old header has generation " + memory.getPlain(old) + ", not one after "
                        + memory.getPlain(heap.rootAt(4)));
            }
            replaceHeader(heap);
        }

        @Override
        public void walk(Heap heap, Check check) {
            long _ = check.reached(heap.memory().getPlain(heap.rootAt(0)));
        }
    }

    /** Raw blocks are allocated and freed. */
    private static final class Raw implements CrashScenario {
        @Override
        public String name() {
            return "raw-blocks";
        }

        @Override
        public void prepare(Heap heap) {
            RawBlocks raw = new RawBlocks(heap);
            for (int i = 0; i < 3; i++) {
                long block = raw.allocate(48, i);
                heap.memory().setPlain(heap.rootAt(2 * i), block);
                heap.memory().setPlain(heap.rootAt(2 * i + 1), raw.generation(block));
            }
        }

        @Override
        public void victim(Heap heap) {
            RawBlocks raw = new RawBlocks(heap);
            raw.free(heap.memory().getPlain(heap.rootAt(0)), heap.memory().getPlain(heap.rootAt(1)));
            long _ = raw.allocate(48, 17);
        }

        @Override
        public void next(Heap heap) {
            RawBlocks raw = new RawBlocks(heap);
            raw.free(heap.memory().getPlain(heap.rootAt(2)), heap.memory().getPlain(heap.rootAt(3)));
            long block = heap.memory().getPlain(heap.rootAt(0));
            long generation = heap.memory().getPlain(heap.rootAt(1));
            if (raw.isCurrent(block, generation)) {
                try {
                    raw.free(block, generation);
                } catch (CleaveException e) {
                    return; // the victim's free had happened, and was finished meanwhile
                }
            }
        }

        @Override
        public void check(Heap heap, boolean hasVictimDied, @Nullable Boolean hasNextDied) {
            RawBlocks raw = new RawBlocks(heap);
            for (int i = 0; i < 3; i++) {
                long block = heap.memory().getPlain(heap.rootAt(2 * i));
                long generation = heap.memory().getPlain(heap.rootAt(2 * i + 1));
                boolean isCurrent = raw.isCurrent(block, generation);
                if ((i == 0 && !hasVictimDied || i == 1 && Boolean.FALSE.equals(hasNextDied)) && isCurrent) {
                    throw new AssertionError("block " + i + " was freed and is in use");
                }
                if (i == 2 && !isCurrent) {
                    throw new AssertionError("a block that nobody freed is free");
                }
                if (i < 2 && isCurrent) {
                    raw.free(block, generation);
                }
            }
        }

        @Override
        public void walk(Heap heap, Check check) {
            // raw blocks are known without being reached
        }
    }
}

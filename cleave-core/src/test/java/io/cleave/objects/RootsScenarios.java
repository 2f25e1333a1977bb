package io.cleave.objects;

import io.cleave.heap.Change;
import io.cleave.heap.Check;
import io.cleave.heap.CrashHarness;
import io.cleave.heap.CrashScenario;
import io.cleave.heap.Heap;
import io.cleave.heap.RawBlocks;
import java.util.List;
import java.util.Objects;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Names that are made and dropped, cut off at each store. */
public final class RootsScenarios implements CrashHarness.Scenarios {
    /** What the one who dies does, and what the one after it does. */
    private enum Deed {
        FIRST, SECOND, DROP
    }

    @Override
    public List<CrashScenario> get() {
        return List.of(new Naming("first-name", Deed.FIRST), new Naming("second-name", Deed.SECOND),
                new Naming("drop", Deed.DROP));
    }

    private static Roots roots(Heap heap) {
        return new Roots("crash", heap, false);
    }

    private static void make(Heap heap, String name) {
        RawBlocks blocks = new RawBlocks(heap);
        Root root = roots(heap).findOrMake(name, RootType.RAW, change -> make(heap, blocks, change));
        if (!root.name().equals(name)) {
            throw new AssertionError(root);
        }
    }

    private static long make(Heap heap, RawBlocks blocks, Change change) {
        return RawStructure.make(heap, blocks, change, 100);
    }

    private record Naming(String name, Deed deed) implements CrashScenario {
        @Override
        public void prepare(Heap heap) {
            if (deed == Deed.FIRST) {
                long _ = new RawBlocks(heap).allocate(100, 42); // the growth of the heap is cut off elsewhere
            } else {
                make(heap, "a");
                make(heap, "b");
            }
        }

        @Override
        public void victim(Heap heap) {
            if (deed == Deed.DROP) {
                roots(heap).drop("a");
            } else {
                make(heap, "c");
            }
        }

        @Override
        public void next(Heap heap) {
            make(heap, "d");
            roots(heap).drop("b");
        }

        @Override
        public void check(Heap heap, boolean hasVictimDied, @Nullable Boolean nextDied) {
            TreeSet<String> names = new TreeSet<>(roots(heap).list().stream().map(Root::name).toList());
            boolean isDone = deed == Deed.DROP ? !names.contains("a") : names.contains("c");
            if (!hasVictimDied && !isDone) {
                throw new AssertionError("what was done is undone: " + names);
            }
            boolean hasNext = names.contains("d");
            if (nextDied == null ? hasNext : !nextDied && !hasNext) {
                throw new AssertionError("d is or is not there: " + names);
            }
            TreeSet<String> expected = new TreeSet<>(deed == Deed.FIRST ? List.of() : List.of("a", "b"));
            if (isDone) {
                expected.add("c");
                expected.remove(deed == Deed.DROP ? "c" : "");
                expected.remove(deed == Deed.DROP ? "a" : "");
            }
            if (hasNext) {
                expected.add("d");
                if (!names.contains("b")) { // its second deed
                    expected.remove("b");
                }
            }
            if (!names.equals(expected) || (Objects.equals(nextDied, false) && names.contains("b"))) {
                throw new AssertionError(names + " instead of " + expected);
            }
            make(heap, "e");
            make(heap, "a");
            for (Root root : roots(heap).list()) {
                if (!roots(heap).drop(root.name())) {
                    throw new AssertionError(root + " was not there");
                }
            }
            if (!roots(heap).list().isEmpty()) {
                throw new AssertionError(roots(heap).list().toString());
            }
        }

        @Override
        public void walk(Heap heap, Check check) {
            roots(heap).walk(check);
        }
    }
}

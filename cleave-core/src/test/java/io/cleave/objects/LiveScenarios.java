package io.cleave.objects;

import io.cleave.heap.Check;
import io.cleave.heap.CrashHarness;
import io.cleave.heap.CrashScenario;
import io.cleave.heap.Heap;
import io.cleave.heap.HeapReport;
import io.cleave.owner.Gate;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What is done with live objects, cut off at each store that others can see. */
public final class LiveScenarios implements CrashHarness.Scenarios {
    private static final String OLD = "an old text in a block of its own";
    private static final String NEW = "a new text, which has another block";
    private static final String NEXT = "what the next one has set";
    private static final State EMPTY = new State(0, 0, null, null, 0, List.of());

    /** An object in the object. */
    interface Branch {
        @Nullable String street();

        void street(@Nullable String value);

        int zip();

        void zip(int value);
    }

    /** The object, as the first version of a program declares it. */
    interface Account {
        long cents();

        void cents(long value);

        int visits();

        void visits(int value);

        int incrementAndGetVisits();

        @Nullable String text();

        void text(@Nullable String value);

        @Nullable String other();

        void other(@Nullable String value);

        @Nullable Branch branch();

        void branch(@Nullable Branch value);

        @Nullable Branch spare();

        void spare(@Nullable Branch value);

        Branch home();

        SharedList<String> notes();
    }

    /** The content of a branch. */
    record BranchState(@Nullable String street, int zip) implements Branch {
        @Override
        public void street(@Nullable String value) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void zip(int value) {
            throw new UnsupportedOperationException();
        }
    }

    /** The content of an account, but for what the next one sets. */
    record State(long cents, int visits, @Nullable String text, @Nullable BranchState branch, int homeZip,
            List<String> notes) {
        State withText(String newText) {
            return new State(cents, visits, newText, branch, homeZip, notes);
        }

        State withBranch(BranchState newBranch) {
            return new State(cents, visits, text, newBranch, homeZip, notes);
        }

        /** What is read at once, and makes nothing. */
        static State ofFields(Account account) {
            return Live.read(account, it -> {
                Branch branch = it.branch();
                return new State(it.cents(), it.visits(), it.text(),
                        branch == null ? null : new BranchState(branch.street(), branch.zip()), 0, List.of());
            });
        }

        State fields() {
            return new State(cents, visits, text, branch, 0, List.of());
        }

        static State of(Account account) {
            State state = ofFields(account);
            return new State(state.cents, state.visits, state.text, state.branch, account.home().zip(),
                    new ArrayList<>(account.notes()));
        }
    }

    /** The heap as one process has it open. */
    private static final class World implements AutoCloseable {
        private final LooseStructures loose;
        private final NamedCollections names;
        private final Roots roots;

        World(Heap heap) {
            Gate gate = new Gate();
            this.loose = new LooseStructures(heap, gate);
            this.roots = new Roots("crash", loose, false);
            this.names = new NamedCollections(heap, gate, roots, loose);
        }

        Account account() {
            return names.object("account", Account.class, null);
        }

        SharedMap<Long, Branch> map() {
            return names.map("map", Long.class, StructureType.object(Branch.class));
        }

        /** Gives back what it has open, which would not be freed otherwise. */
        @Override
        public void close() {
            loose.holders().close();
        }
    }

    @Override
    public List<CrashScenario> get() {
        List<CrashScenario> all = new ArrayList<>();
        all.add(new Scenario("create", _ -> {}, World::account, EMPTY, EMPTY));
        all.add(new Scenario("set-text", world -> world.account().text(OLD), world -> world.account().text(NEW),
                EMPTY.withText(OLD), EMPTY.withText(NEW)));
        all.add(new Scenario("clear-text", world -> world.account().text(OLD), world -> world.account().text("x"),
                EMPTY.withText(OLD), EMPTY.withText("x")));
        all.add(new Scenario("set-object", world -> world.account().branch(new BranchState(OLD, 1)),
                world -> world.account().branch(new BranchState(NEW, 2)),
                EMPTY.withBranch(new BranchState(OLD, 1)), EMPTY.withBranch(new BranchState(NEW, 2))));
        all.add(new Scenario("remove-object", world -> world.account().branch(new BranchState(OLD, 1)),
                world -> world.account().branch(null), EMPTY.withBranch(new BranchState(OLD, 1)), EMPTY));
        all.add(new Scenario("make-home", World::account, world -> world.account().home().zip(3),
                EMPTY, new State(0, 0, null, null, 3, List.of())));
        all.add(new Scenario("make-notes", World::account, world -> world.account().notes().add(OLD),
                EMPTY, new State(0, 0, null, null, 0, List.of(OLD))));
        all.add(new Scenario("update", LiveScenarios::fill, world -> Live.update(world.account(), it -> {
            it.cents(3);
            it.visits(4);
            it.text(NEW);
            it.branch(new BranchState(NEW, 2));
        }), new State(1, 2, OLD, new BranchState(OLD, 1), 0, List.of(OLD)),
                new State(3, 4, NEW, new BranchState(NEW, 2), 0, List.of(OLD))));
        all.add(new Scenario("update-numbers", LiveScenarios::fill, world -> Live.update(world.account(), it -> {
            it.cents(3);
            it.visits(4);
        }), new State(1, 2, OLD, new BranchState(OLD, 1), 0, List.of(OLD)),
                new State(3, 4, OLD, new BranchState(OLD, 1), 0, List.of(OLD))));
        all.add(new Counting());
        all.add(new Scenario("drop", LiveScenarios::fill, world -> world.roots.drop("account"),
                new State(1, 2, OLD, new BranchState(OLD, 1), 0, List.of(OLD)), EMPTY));
        all.add(new InMap("map-put", _ -> {}, map -> map.put(1L, new BranchState(NEW, 1)), null,
                new BranchState(NEW, 1)));
        all.add(new InMap("map-remove", map -> map.put(1L, new BranchState(OLD, 1)), map -> map.remove(1L),
                new BranchState(OLD, 1), null));
        return all;
    }

    private static void fill(World world) {
        Account account = world.account();
        account.cents(1);
        account.visits(2);
        account.text(OLD);
        account.branch(new BranchState(OLD, 1));
        account.notes().add(OLD);
    }

    /** Everything is dropped, and nothing is in use after. */
    private static void dropAll(Heap heap) {
        try (World world = new World(heap)) {
            for (Root root : world.roots.list()) {
                if (!world.roots.drop(root.name())) {
                    throw new AssertionError(root + " was not there");
                }
            }
            HeapReport report = heap.verify(world.roots::walk);
            if (!report.isSound() || report.usedBytes() != RootLayout.TABLE_BYTES) {
                throw new AssertionError("something is left of all that was dropped: " + report);
            }
        }
    }

    /** One operation; the next process sets two other fields. */
    private record Scenario(String name, Consumer<World> preparation, Consumer<World> deed, State before,
            State after) implements CrashScenario {
        @Override
        public long maximumBytes() {
            return 2 << 20;
        }

        @Override
        public void prepare(Heap heap) {
            try (World world = new World(heap)) {
                preparation.accept(world);
            }
        }

        @Override
        public void victim(Heap heap) {
            try (World world = new World(heap)) {
                deed.accept(world);
            }
        }

        @Override
        public void next(Heap heap) {
            try (World world = new World(heap)) {
                Account account = world.account();
                Live.update(account, it -> {
                    it.other(NEXT);
                    it.spare(new BranchState(NEXT, 9));
                });
                account.home().street(NEXT);
            }
        }

        @Override
        public void look(Heap heap, boolean hasNextDied) {
            try (World world = new World(heap)) {
                if (world.roots.find("account") != null) {
                    State state = State.ofFields(world.account());
                    if (!state.equals(before.fields()) && !state.equals(after.fields())) {
                        throw new AssertionError(state + " is neither " + before + " nor " + after);
                    }
                }
            }
        }

        private void check(State state, boolean hasVictimDied) {
            if (!state.equals(after) && !(hasVictimDied && state.equals(before))) {
                throw new AssertionError(state + " is neither " + before + " nor " + after);
            }
        }

        @Override
        public void check(Heap heap, boolean hasVictimDied, @Nullable Boolean hasNextDied) {
            try (World world = new World(heap)) {
                Account account = world.account();
                check(State.of(account), hasVictimDied);
                boolean isSet = NEXT.equals(account.other());
                boolean isSpare = account.spare() != null;
                if (isSet != isSpare || (Boolean.FALSE.equals(hasNextDied) && !isSet)) {
                    throw new AssertionError("the next one has died: " + hasNextDied + ", and left " + account);
                }
                fill(world);
                account.spare(account.branch());
                if (!State.of(account).text().equals(OLD) || account.spare().zip() != 1) {
                    throw new AssertionError(account.toString());
                }
            }
            dropAll(heap);
        }

        @Override
        public void walk(Heap heap, Check check) {
            new Roots("crash", heap, false).walk(check);
        }
    }

    /**
     * An update of numbers, and after its maker's death stores without a lock by somebody who has the object open, before
     * he takes the lock: none of them is lost.
     */
    private static final class Counting implements CrashScenario {
        private static final int COUNTED = 5;

        /** The survivor's, from before the death until after it. */
        private @Nullable World open;
        private @Nullable Account account;

        @Override
        public String name() {
            return "count-after-update";
        }

        @Override
        public long maximumBytes() {
            return 2 << 20;
        }

        @Override
        public void prepare(Heap heap) {
            open = new World(heap);
            account = open.account();
            fill(open);
        }

        @Override
        public void victim(Heap heap) {
            try (World world = new World(heap)) {
                Live.update(world.account(), it -> {
                    it.cents(3);
                    it.visits(4);
                });
            }
        }

        @Override
        public void next(Heap heap) {
            try (World world = new World(heap)) {
                int _ = world.account().incrementAndGetVisits();
            }
        }

        /** What takes no lock, as nobody but a fresh process opens the object. */
        @Override
        public void look(Heap heap, boolean hasNextDied) {
            count();
        }

        private void count() {
            Account mine = Objects.requireNonNull(account);
            int first = mine.incrementAndGetVisits();
            for (int i = 1; i < COUNTED; i++) {
                int next = mine.incrementAndGetVisits();
                if (next != first + i) {
                    throw new AssertionError(next + " comes after " + (first + i - 1));
                }
            }
            long cents = mine.cents();
            mine.cents(cents + 100);
            mine.text(NEXT); // takes the lock
            mine.cents(mine.cents() - 100);
            if (mine.visits() != first + COUNTED - 1 || mine.cents() != cents) {
                throw new AssertionError("an update came once more over what was stored after it: " + mine);
            }
        }

        @Override
        public void check(Heap heap, boolean hasVictimDied, @Nullable Boolean hasNextDied) {
            count();
            World mine = Objects.requireNonNull(open);
            State state = State.of(Objects.requireNonNull(account));
            int counted = hasVictimDied ? 2 * COUNTED : COUNTED;
            boolean isAfter = state.cents() == 3 && state.visits() >= 4 + counted;
            boolean isBefore = state.cents() == 1 && state.visits() >= 2 + counted && hasVictimDied;
            if (!isAfter && !isBefore) {
                throw new AssertionError(state.toString());
            }
            mine.close();
            dropAll(heap);
        }

        @Override
        public void walk(Heap heap, Check check) {
            new Roots("crash", heap, false).walk(check);
        }
    }

    /** An operation on a map of such objects; the next one puts another. */
    private record InMap(String name, Consumer<SharedMap<Long, Branch>> preparation,
            Consumer<SharedMap<Long, Branch>> deed, @Nullable BranchState before,
            @Nullable BranchState after) implements CrashScenario {
        @Override
        public long maximumBytes() {
            return 2 << 20;
        }

        @Override
        public void prepare(Heap heap) {
            try (World world = new World(heap)) {
                preparation.accept(world.map());
            }
        }

        @Override
        public void victim(Heap heap) {
            try (World world = new World(heap)) {
                deed.accept(world.map());
            }
        }

        @Override
        public void next(Heap heap) {
            try (World world = new World(heap)) {
                Branch _ = world.map().put(2L, new BranchState(NEXT, 2));
            }
        }

        @Override
        public void check(Heap heap, boolean hasVictimDied, @Nullable Boolean hasNextDied) {
            try (World world = new World(heap)) {
                Branch found = world.map().get(1L);
                BranchState state = found == null ? null : new BranchState(found.street(), found.zip());
                if (!Objects.equals(state, after)
                        && !(hasVictimDied && Objects.equals(state, before))) {
                    throw new AssertionError(state + " is neither " + before + " nor " + after);
                }
                Branch next = world.map().get(2L);
                if (Boolean.FALSE.equals(hasNextDied) && (next == null || next.zip() != 2)) {
                    throw new AssertionError("the next one has left " + next);
                }
            }
            dropAll(heap);
        }

        @Override
        public void walk(Heap heap, Check check) {
            new Roots("crash", heap, false).walk(check);
        }
    }
}

package io.cleave.bench.share;

import io.cleave.BlockNotFoundException;
import io.cleave.bench.share.SlotTable.Slot;
import io.cleave.memory.Cleanup;
import io.cleave.share.Lease;
import io.cleave.share.Share;
import io.cleave.share.WriteOptions;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;

/** One process of the torture: it writes, reads, holds and frees values until it is killed or all is over. */
final class ShareTortureWorker {
    private static final int MOST_HELD = 12;
    private static final int LONGEST = 40_000; // words
    private static final WriteOptions OPTIONS = WriteOptions.defaults().withThreshold(0);

    /** A view that is kept for a while. */
    private record Held(Slot slot, Lease<MemorySegment> lease, MemorySegment view) {}

    private final SlotTable table;
    private final int me;
    private final long life;
    private final SplittableRandom random;
    private final List<Held> held = new ArrayList<>();
    private final String[] mine = new String[SlotTable.SLOTS_EACH];

    private ShareTortureWorker(Path directory, int me, long seed) throws IOException {
        this.table = SlotTable.open(directory);
        this.me = me;
        this.life = table.life(me);
        this.random = new SplittableRandom(seed);
        Arrays.fill(mine, "");
    }

    /** Arguments: directory, number of the worker, seed. The one behind the last cleans up. */
    public static void main(String[] arguments) throws IOException {
        int me = Integer.parseInt(arguments[1]);
        if (me == SlotTable.WORKERS) {
            System.exit(Cleanup.run().failed().isEmpty() ? 0 : 1);
        }
        Thread.ofPlatform().daemon().start(ShareTortureWorker::endWithSupervisor);
        new ShareTortureWorker(Path.of(arguments[0]), me, Long.parseLong(arguments[2])).work();
        System.exit(0);
    }

    private static void endWithSupervisor() {
        try {
            while (System.in.read() >= 0) {
                Thread.onSpinWait();
            }
        } catch (IOException e) {
            System.err.println("standard input: " + e);
        }
        Runtime.getRuntime().halt(1);
    }

    private void work() {
        for (long steps = 1; !table.isOver(); steps++) {
            try {
                step();
            } catch (RuntimeException e) {
                table.increment(SlotTable.ERRORS);
                System.err.println("worker " + me + ": " + e);
            }
            table.step(me, steps);
        }
        held.forEach(this::check);
    }

    private void step() {
        switch (random.nextInt(8)) {
            case 0, 1 -> write();
            case 2 -> free();
            case 3 -> {
                if (!held.isEmpty()) {
                    letGo(held.remove(random.nextInt(held.size())));
                }
            }
            default -> read();
        }
        if (!held.isEmpty()) {
            check(held.get(random.nextInt(held.size())));
        }
    }

    /** The words that a stamp leads to: each is another, and none is another stamp's. */
    private static long[] content(long stamp, int size) {
        long[] words = new long[size];
        for (int i = 0; i < size; i++) {
            words[i] = (stamp << 20) ^ i;
        }
        return words;
    }

    private void write() {
        int own = random.nextInt(SlotTable.SLOTS_EACH);
        int slot = me * SlotTable.SLOTS_EACH + own;
        String old = mine[own];
        long stamp = table.increment(SlotTable.STAMPS);
        int size = 1 + random.nextInt(LONGEST);
        table.publish(slot, life, 0, 0, "");
        if (!old.isEmpty()) {
            Share.free(old);
        }
        mine[own] = Share.write(content(stamp, size), OPTIONS);
        table.publish(slot, life, stamp, size, mine[own]);
        table.increment(SlotTable.WRITES);
    }

    private Slot any() {
        Slot slot = null;
        for (int tries = 0; tries < 50 && slot == null; tries++) {
            slot = table.look(random.nextInt(SlotTable.WORKERS * SlotTable.SLOTS_EACH));
        }
        return Objects.requireNonNullElse(slot, NONE);
    }

    private static final Slot NONE = new Slot(0, 0, 0, 0, 0, "");

    private void free() {
        Slot slot = any();
        if (!slot.token().isEmpty()) {
            table.freeing(slot);
            if (Share.free(slot.token())) {
                table.increment(SlotTable.FREES);
            }
        }
    }

    private void read() {
        Slot slot = any();
        if (slot.token().isEmpty()) {
            return;
        }
        try {
            if (random.nextInt(3) == 0) {
                check(slot, MemorySegment.ofArray(Objects.requireNonNull(Share.read(slot.token(), long[].class))));
            } else {
                Lease<MemorySegment> lease = Share.open(slot.token(), MemorySegment.class);
                Held view = new Held(slot, lease, Objects.requireNonNull(lease.value()));
                check(view);
                held.add(view);
                if (held.size() > MOST_HELD) {
                    letGo(held.removeFirst());
                }
            }
            table.increment(SlotTable.READS);
        } catch (BlockNotFoundException e) {
            if (table.mustBeThere(slot)) {
                table.increment(SlotTable.MISSING);
                System.err.println("worker " + me + ": missing: " + slot);
            }
        }
    }

    private void letGo(Held view) {
        check(view);
        view.lease.close();
    }

    private void check(Held view) {
        check(view.slot, view.view);
        table.increment(SlotTable.CHECKS);
    }

    private void check(Slot slot, MemorySegment words) {
        boolean right = words.byteSize() == 8L * slot.size();
        for (int i = 0; right && i < slot.size(); i++) {
            right = words.getAtIndex(ValueLayout.JAVA_LONG, i) == ((slot.stamp() << 20) ^ i);
        }
        if (!right) {
            table.increment(SlotTable.WRONG);
            System.err.println("worker " + me + ": wrong: " + slot);
        }
    }
}

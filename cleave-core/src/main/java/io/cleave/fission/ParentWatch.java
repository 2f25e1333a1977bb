package io.cleave.fission;

import io.cleave.channel.Ring;
import io.cleave.os.Unistd;

/**
 * What a child asks and shows while its ring has no room: whether its parent lives, and that the time is not its item's. A
 * consumer may pause for as long as it likes.
 */
final class ParentWatch implements Ring.PeerCheck {
    private final int parent;
    private final RunMemory.Slot slot;

    ParentWatch(int parent, RunMemory.Slot slot) {
        this.parent = parent;
        this.slot = slot;
    }

    @Override
    public boolean lives() {
        return Unistd.getppid() == parent;
    }

    @Override
    public void waitBegins() {
        slot.waitBegins(System.nanoTime());
    }

    @Override
    public void waitEnds() {
        slot.waitEnds(System.nanoTime());
    }
}

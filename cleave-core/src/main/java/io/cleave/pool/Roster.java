package io.cleave.pool;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The workers that a crew has, each at its place, and which of them gets or gives what. Changed under the crew's lock; whoever
 * drives may look without it, and then sees the workers that were there a moment ago.
 */
final class Roster {
    private static final CrewWorker[] NOBODY = {};

    private final PoolSettings settings;
    private final @Nullable CrewWorker[] places;
    private volatile CrewWorker[] present = NOBODY;

    Roster(PoolSettings settings) {
        this.settings = settings;
        this.places = new CrewWorker[settings.workers()];
    }

    /** All workers, as they are now; not to be changed. */
    CrewWorker[] all() {
        return present;
    }

    void add(CrewWorker worker) {
        places[worker.place] = worker;
        present = list();
    }

    void remove(CrewWorker worker) {
        places[worker.place] = null;
        present = list();
    }

    private CrewWorker[] list() {
        return Arrays.stream(places).filter(Objects::nonNull).toArray(CrewWorker[]::new);
    }

    boolean isEmpty() {
        return present.length == 0;
    }

    boolean hasPlace() {
        return present.length < places.length;
    }

    /** The first place without a worker; there is one. */
    int place() {
        int place = 0;
        while (places[place] != null) {
            place++;
        }
        return place;
    }

    /** The worker for the next batch: the one with the least to do that takes one more, or null. */
    @Nullable CrewWorker choose() {
        CrewWorker best = null;
        for (CrewWorker worker : present) {
            if (worker.accepts(settings) && (best == null || isBetter(worker, best))) {
                best = worker;
            }
        }
        return best;
    }

    private static boolean isBetter(CrewWorker one, CrewWorker other) {
        int fewer = one.inFlight.size() - other.inFlight.size();
        return fewer != 0 ? fewer < 0 : one.lastActive - other.lastActive > 0; // who worked last is still awake
    }

    /** Whether some worker would begin a batch at once. */
    boolean hasIdle() {
        for (CrewWorker worker : present) {
            if (worker.isIdle() && worker.accepts(settings)) {
                return true;
            }
        }
        return false;
    }

    /** Takes a batch back that lies before a busy worker; null where there is none. */
    @Nullable Batch recallOne() {
        CrewWorker busiest = null;
        for (CrewWorker worker : present) {
            if (worker.inFlight.size() >= (worker.isUp() ? 2 : 1)
                    && (busiest == null || worker.inFlight.size() > busiest.inFlight.size())) {
                busiest = worker;
            }
        }
        if (busiest != null) {
            for (Batch batch : busiest.inFlight.reversed()) {
                if (batch.state() == Batch.State.SENT && busiest.recall(batch)) {
                    return batch;
                }
            }
        }
        return null;
    }

    /** Whether some worker has sent something. */
    boolean isReadable() {
        for (CrewWorker worker : present) {
            if (worker.in.isReadable()) {
                return true;
            }
        }
        return false;
    }

    /** Whether some worker cannot wake anybody yet. */
    boolean isBooting() {
        for (CrewWorker worker : present) {
            if (!worker.slot.isReady()) {
                return true;
            }
        }
        return false;
    }

    /** Whether some worker has come up and can work. */
    boolean isAnyUp() {
        for (CrewWorker worker : present) {
            if (worker.isUp() && worker.killed == null) {
                return true;
            }
        }
        return false;
    }

    /** How many workers have something to do. */
    int busy() {
        int busy = 0;
        for (CrewWorker worker : present) {
            if (!worker.isIdle()) {
                busy++;
            }
        }
        return busy;
    }

    boolean isSomebodyLeaving() {
        for (CrewWorker worker : present) {
            if (worker.leavingSince != 0) {
                return true;
            }
        }
        return false;
    }

    /** The processes of all workers that have one. */
    List<Long> pids() {
        List<Long> pids = new ArrayList<>();
        for (CrewWorker worker : present) {
            if (worker.pid() > 0) {
                pids.add(worker.pid());
            }
        }
        return pids;
    }
}

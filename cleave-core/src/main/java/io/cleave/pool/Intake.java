package io.cleave.pool;

import io.cleave.share.Codec;
import io.cleave.work.Parcel;
import io.cleave.work.TaskFrames;
import io.cleave.work.Values;
import java.io.IOException;
import java.util.Arrays;

/** Takes what workers send: results, failures, the ends of batches. All of it under the crew's lock. */
final class Intake {
    private final Crew crew;
    private final Ledger ledger;
    private final Afterwards afterwards;

    Intake(Crew crew, Ledger ledger, Afterwards afterwards) {
        this.crew = crew;
        this.ledger = ledger;
        this.afterwards = afterwards;
    }

    /**
     * Takes what one worker has sent. Where a frame is lost, as there may be too little memory for it just now, nothing that
     * comes behind it is taken for what it is not: the worker is ended, and what it had begun fails.
     */
    void drain(CrewWorker worker) {
        if (worker.isBroken) {
            return;
        }
        try {
            while (worker.in.next()) {
                take(worker);
            }
        } catch (IOException | RuntimeException | Error e) {
            worker.isBroken = true;
            worker.kill("what it sent cannot be taken: " + e.getClass().getName());
        }
    }

    private void take(CrewWorker worker) throws IOException {
        int kind = worker.in.kind();
        switch (kind) {
            case TaskFrames.AT -> worker.current = worker.batch(worker.frameLong());
            case TaskFrames.END -> {
                Batch batch = worker.current;
                worker.current = null;
                if (batch != null) {
                    batch.nanos += worker.frameLong();
                    worker.release(batch);
                    boolean isCut = batch.isCut && batch.state() == Batch.State.SENT && batch.failure == null
                            && batch.left() > 0;
                    if (isCut) {
                        crew.share(batch);
                    } else {
                        ledger.left(batch);
                    }
                }
                if (worker.isDue(crew.settings)) {
                    worker.worn = true;
                    worker.leaveIfIdle();
                }
                crew.proved();
            }
            case TaskFrames.FAILURE -> {
                Batch batch = worker.current;
                if (batch != null && batch.state() == Batch.State.SENT) {
                    batch.failure = Batch.Reason.sent(bytes(worker));
                }
            }
            case TaskFrames.UNFIT -> worker.unfit = Batch.Reason.sent(bytes(worker));
            case TaskFrames.WORN -> worker.worn = true;
            default -> {
                Object value = Parcel.take(worker.in);
                Batch batch = worker.current;
                if (batch != null && batch.state() == Batch.State.SENT && Values.isValue(kind)) {
                    batch.results.add(value);
                    if (value instanceof Parcel parcel && parcel.isShared()) {
                        fetch(worker, parcel);
                    }
                    batch.owner.changed(batch);
                } else if (value instanceof Parcel parcel) {
                    afterwards.add(parcel::discard);
                }
            }
        }
    }

    /** What lies in shared memory is gone with its worker, so that it is taken at once. */
    private void fetch(CrewWorker worker, Parcel parcel) {
        worker.unfetched.incrementAndGet();
        afterwards.addApart(() -> {
            try {
                parcel.fetch(Codec.standard());
            } finally {
                worker.unfetched.decrementAndGet();
            }
        });
    }

    private static byte[] bytes(CrewWorker worker) {
        return Arrays.copyOfRange(worker.in.bytes(), worker.in.offset(), worker.in.offset() + worker.in.length());
    }
}

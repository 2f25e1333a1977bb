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

    Intake(Crew crew) {
        this.crew = crew;
    }

    /** Takes what one worker has sent. */
    void drain(CrewWorker worker) {
        try {
            while (worker.in.next()) {
                take(worker);
            }
        } catch (IOException | RuntimeException | Error e) { // of which a part is lost
            worker.kill("what it sent cannot be taken: " + e);
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
                    batch.nanos = worker.frameLong();
                    worker.release(batch);
                    crew.ended(batch);
                }
                if (worker.isDue(crew.settings)) {
                    worker.worn = true;
                    worker.leaveIfIdle();
                }
                crew.proved();
            }
            case TaskFrames.FAILURE -> {
                Batch batch = worker.current;
                if (batch != null && !batch.done) {
                    batch.failure = bytes(worker);
                }
            }
            case TaskFrames.UNFIT -> worker.unfit = bytes(worker);
            case TaskFrames.WORN -> worker.worn = true;
            default -> {
                Object value = Parcel.take(worker.in);
                Batch batch = worker.current;
                if (batch != null && !batch.done && !batch.cancelled && Values.isValue(kind)) {
                    batch.results.add(value);
                    batch.owner.changed(batch);
                    if (value instanceof Parcel parcel && parcel.isShared()) {
                        fetch(worker, parcel);
                    }
                } else if (value instanceof Parcel parcel) {
                    crew.later(parcel::discard);
                }
            }
        }
    }

    /** What lies in shared memory is gone with its worker, so that it is taken at once. */
    private void fetch(CrewWorker worker, Parcel parcel) {
        worker.unfetched.incrementAndGet();
        crew.later(() -> {
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

package io.cleave.bench.objects;

import java.io.IOException;

/** One direction for messages of 64 bytes between processes, of which the first 8 are a number. */
interface Messages extends AutoCloseable {
    int BYTES = 64;

    /** Sends a message; false where there is no room. */
    boolean offer(long number);

    /** Takes some messages, but not more than so many, and adds their numbers up; returns how many there were. */
    int poll(int most);

    /** The sum of all numbers that were taken. */
    long sum();

    @Override
    void close() throws IOException;

    /**
     * The direction of a way.
     *
     * @param way whose
     * @param place where it lies
     * @param leads whether to make what has to be made once
     */
    static Messages open(String way, Place place, boolean leads) throws IOException {
        return switch (way) {
            case "agrona", "agrona-many-to-one" -> new AgronaMessages(way, place.memory());
            case "chronicle-queue" -> new ChronicleMessages(place.name());
            default -> throw new IllegalArgumentException(way);
        };
    }
}

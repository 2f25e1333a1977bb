package io.cleave.bench.objects;

import java.io.IOException;

/** One direction for messages of one length between processes, of which the first 8 bytes are a number. */
interface Messages extends AutoCloseable {
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
     * @param bytes the length of a message
     */
    static Messages open(String way, Place place, int bytes) throws IOException {
        return switch (way) {
            case "agrona", "agrona-many-to-one" -> new AgronaMessages(way, place.memory(), bytes);
            case "chronicle-queue" -> new ChronicleMessages(place.name(), bytes);
            case "cleave-numbers" -> new CleaveNumbers(place.name());
            case "cleave" -> new CleaveMessages(place.name(), bytes);
            default -> throw new IllegalArgumentException(way);
        };
    }
}

package io.cleave.objects;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** The bytes of an element on their way into a queue. */
interface QueueContent {
    /** How many there are. */
    long length();

    /** Copies them to a place in memory. */
    void copyTo(MemorySegment target, long offset);

    /** The elements of a queue of arrays of bytes, which are what they are. */
    final class OfBytes implements QueueContent {
        private final byte[] bytes;

        OfBytes(byte[] bytes) {
            this.bytes = bytes;
        }

        @Override
        public long length() {
            return bytes.length;
        }

        @Override
        public void copyTo(MemorySegment target, long offset) {
            MemorySegment.copy(bytes, 0, target, ValueLayout.JAVA_BYTE, offset, bytes.length);
        }
    }
}

package io.cleave.objects;

import io.cleave.heap.HeapMemory;

/** The bytes of an element on their way into a queue. */
interface QueueContent {
    /** How many there are. */
    long length();

    /** Copies them to a place in memory. */
    void copyTo(HeapMemory memory, long at);

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
        public void copyTo(HeapMemory memory, long at) {
            memory.copyIn(bytes, 0, at, bytes.length);
        }
    }
}

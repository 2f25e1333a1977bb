package io.cleave.bench.objects;

/** No map: shows what the machine itself makes of the time, such as pauses of the processor. */
final class NoStore implements MapStore {
    @Override
    public void put(long key, String value) {
    }

    @Override
    public String get(long key) {
        return "";
    }

    @Override
    public void remove(long key) {
    }

    @Override
    public long walk() {
        return 0;
    }

    @Override
    public void clear() {
    }

    @Override
    public void close() {
    }
}

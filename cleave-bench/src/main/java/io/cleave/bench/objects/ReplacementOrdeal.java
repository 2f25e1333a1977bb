package io.cleave.bench.objects;

import io.cleave.HeapFullException;
import io.cleave.objects.SharedHeap;
import io.cleave.objects.SharedMap;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** A map of 1,000 keys whose values, of 1 B to 64 KB, are replaced all the time: what the heap takes has to level off. */
final class ReplacementOrdeal implements Ordeal {
    private static final int KEYS = 1000;
    private static final double LARGEST = 65_536;
    private static final int LOOK = 64;

    private final TortureBoard board;
    private final SharedMap<Integer, byte[]> map;

    ReplacementOrdeal(TortureBoard board, SharedHeap heap) {
        this.board = board;
        this.map = heap.map(name(), Integer.class, byte[].class);
    }

    @Override
    public String name() {
        return "replacements";
    }

    @Override
    public void step(int worker, SplittableRandom random) {
        int key = random.nextInt(KEYS);
        byte[] value = new byte[(int) Math.exp(random.nextDouble() * Math.log(LARGEST))];
        byte stamp = (byte) (key ^ value.length);
        for (int i = 0; i < value.length; i += i < LOOK ? 1 : LOOK) { // more would be the interpreter's time only
            value[i] = stamp;
        }
        try {
            check(key, map.put(key, value));
        } catch (HeapFullException e) {
            board.increment(TortureBoard.FULL);
        }
    }

    private void check(int key, byte @Nullable [] value) {
        if (value == null) {
            return;
        }
        byte stamp = (byte) (key ^ value.length);
        for (int i = 0; i < value.length; i += i < LOOK ? 1 : LOOK) {
            if (value[i] != stamp) {
                board.violation("replacements: key " + key + " has " + value[i] + " at " + i + " of " + value.length);
                return;
            }
        }
    }

    @Override
    public void checkAll() {
        int count = 0;
        for (int key = 0; key < KEYS; key++) {
            byte[] value = map.get(key);
            check(key, value);
            count += value == null ? 0 : 1;
        }
        if (count != map.size()) {
            board.violation("replacements: " + count + " keys are there, and the size is " + map.size());
        }
    }
}

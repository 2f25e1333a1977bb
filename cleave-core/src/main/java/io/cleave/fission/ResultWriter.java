package io.cleave.fission;

import io.cleave.channel.Ring;
import io.cleave.channel.RingValues;
import io.cleave.share.Codec;
import io.cleave.work.Values;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** How a child writes a result: its large arrays beside the ring, and then what the codec has made of the rest. */
final class ResultWriter implements Codec.Sink {
    private final Ring.Producer out;
    private final SideBuffer.Producer side;
    private final byte[] frame = new byte[2 * Long.BYTES];
    private final List<Object> parts = new ArrayList<>();
    private final List<SideBuffer.Entry> entries = new ArrayList<>();

    ResultWriter(Ring.Producer out, SideBuffer.Producer side) {
        this.out = out;
        this.side = side;
    }

    /**
     * Writes a result.
     *
     * @throws IOException what the codec throws where it cannot be encoded; the parent is told of nothing then
     */
    void write(Codec codec, @Nullable Object value) throws IOException {
        if (!Values.needsCodec(value)) {
            Values.write(out, codec, value);
            return;
        }
        side.mark();
        boolean isEncoded = false;
        try {
            byte[] bytes = codec.encode(value, this);
            isEncoded = true;
            for (SideBuffer.Entry entry : entries) {
                write(entry);
            }
            out.write(Values.ENCODED, bytes, 0, bytes.length);
        } finally {
            parts.clear();
            entries.clear();
            if (!isEncoded) {
                side.undo();
            }
        }
    }

    private void write(SideBuffer.Entry entry) {
        RingValues.putLong(frame, 0, (long) entry.kind() << Integer.SIZE | entry.elements());
        RingValues.putLong(frame, Long.BYTES, entry.position());
        out.write(Frames.PART, frame, 0, frame.length);
    }

    /** What {@link #write} has written of an array. */
    static SideBuffer.Entry entry(Ring.Consumer in) {
        long array = RingValues.getLong(in.bytes(), in.offset());
        return new SideBuffer.Entry((int) (array >>> Integer.SIZE), (int) array,
                RingValues.getLong(in.bytes(), in.offset() + Long.BYTES));
    }

    @Override
    @SuppressWarnings("ReferenceEquality") // two equal arrays are two arrays
    public int offer(Object part) {
        for (int i = 0; i < parts.size(); i++) {
            if (parts.get(i) == part) {
                return i;
            }
        }
        SideBuffer.Entry entry = side.put(part);
        if (entry == null) {
            return -1;
        }
        parts.add(part);
        entries.add(entry);
        return parts.size() - 1;
    }
}

package io.cleave.bench.objects;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import net.openhft.chronicle.map.ChronicleMap;
import net.openhft.chronicle.map.ChronicleMapBuilder;

/** Chronicle Map, in a file in shared memory, made for as many entries as it gets. */
final class ChronicleStore extends JavaStore {
    private final Path file;
    private final boolean leads;
    private ChronicleMap<Long, String> map;

    private ChronicleStore(Path file, boolean leads) throws IOException {
        this.file = file;
        this.leads = leads;
        this.map = open(file);
    }

    static ChronicleStore open(String name, boolean leads) throws IOException {
        Path file = Path.of("/dev/shm", name + ".chronicle");
        if (leads) {
            file.toFile().deleteOnExit();
        }
        return new ChronicleStore(file, leads);
    }

    private static ChronicleMap<Long, String> open(Path file) throws IOException {
        return ChronicleMapBuilder.of(Long.class, String.class).name("bench").entries(MapSubject.ENTRIES)
                .averageValueSize(MapSubject.VALUE_CHARS).createPersistedTo(file.toFile());
    }

    @Override
    ChronicleMap<Long, String> map() {
        return map;
    }

    @Override
    public void clear() throws IOException {
        map.close();
        Files.delete(file);
        map = open(file);
    }

    @Override
    public void close() {
        map.close();
        if (leads) {
            try {
                Files.deleteIfExists(file);
            } catch (IOException e) {
                System.err.println("left behind: " + file + " (" + e.getMessage() + ")");
            }
        }
    }
}

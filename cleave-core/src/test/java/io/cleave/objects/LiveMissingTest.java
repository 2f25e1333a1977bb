package io.cleave.objects;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Structures in live objects that nobody has made yet, and what becomes of the memory of those that are replaced. */
class LiveMissingTest {
    private static final long SIZE = 8 << 20;

    private SharedHeap heap;

    /** An object in the object. */
    interface Place {
        int zip();

        void zip(int value);

        List<String> lines();
    }

    /** One with structures of all sorts. */
    interface Person {
        @Nullable String name();

        void name(@Nullable String value);

        SharedMap<String, Integer> counts();

        SharedList<String> notes();

        Set<Integer> ids();

        Map<String, Integer> plain();

        Place home();

        @Nullable Place office();

        void office(@Nullable Place value);
    }

    /** What a snapshot has of it. */
    record PlaceState(int zip, List<String> lines) {}

    /** Likewise. */
    record PersonState(@Nullable String name, Map<String, Integer> counts, List<String> notes, Set<Integer> ids,
            PlaceState home, @Nullable PlaceState office) {}

    @BeforeEach
    void open() {
        heap = SharedHeap.create("missing" + ProcessHandle.current().pid(), SIZE);
    }

    @AfterEach
    void close() {
        HeapVerification report = heap.verify();
        assertThat(report.isSound()).as(report::toString).isTrue();
        heap.close();
    }

    @Test
    void lookingAtAnObjectMakesNothing() {
        Person person = heap.object("person", Person.class);
        long used = heap.statistics().usedBytes();
        assertThat(person.toString()).contains("counts={}", "notes=[]", "home=Place[", "office=null");
        assertThat(Live.snapshot(person, PersonState.class)).isEqualTo(
                new PersonState(null, Map.of(), List.of(), Set.of(), new PlaceState(0, List.of()), null));
        assertThat(heap.statistics().usedBytes()).isEqualTo(used);
        person.counts().put("a", 1);
        assertThat(heap.statistics().usedBytes()).isGreaterThan(used);
        assertThat(person.toString()).contains("counts={a=1}");
    }

    @Test
    void aHeapThatIsOnlyReadShowsWhatNobodyHasMadeAsEmpty() {
        Person _ = heap.object("person", Person.class);
        try (SharedHeap reader = SharedHeap.open(heap.name(), HeapOptions.defaults().withReadOnly(true))) {
            Person person = reader.object("person", Person.class);
            assertThat(person.counts()).isEmpty();
            assertThat(person.notes()).isEmpty();
            assertThat(person.ids()).isEmpty();
            assertThat(person.home().zip()).isZero();
            assertThat(person.home().lines()).isEmpty();
            assertThat(person.office()).isNull();
            assertThat(person.toString()).contains("counts={}");
            assertThat(Live.snapshot(person, PersonState.class).home()).isEqualTo(new PlaceState(0, List.of()));
            assertThatThrownBy(() -> person.counts().put("a", 1)).isInstanceOf(UnsupportedOperationException.class);
            assertThatThrownBy(() -> person.home().zip(1)).isInstanceOf(UnsupportedOperationException.class);
            assertThatThrownBy(() -> person.notes().add("x")).isInstanceOf(UnsupportedOperationException.class);
            heap.object("person", Person.class).counts().put("b", 2);
            assertThat(person.counts()).containsEntry("b", 2);
        }
    }

    @Test
    void whatIsRemovedIsAnOrdinaryObjectWithAllThatIsDeclared() {
        SharedMap<Integer, Person> people = heap.map("people", Integer.class, StructureType.ofObject(Person.class));
        Person person = heap.object("person", Person.class);
        person.notes().add("a note");
        Person untouched = people.computeIfAbsent(1, _ -> person);
        assertThat(untouched).isNotNull();
        Person removed = people.remove(1);
        assertThat(removed.notes()).containsExactly("a note");
        assertThat(removed.counts()).isEmpty();
        removed.counts().put("a", 1);
        removed.home().zip(7);
        assertThat(removed.counts()).containsEntry("a", 1);
        assertThat(removed.home().zip()).isEqualTo(7);
        people.put(2, removed);
        assertThat(people.get(2).home().zip()).isEqualTo(7);
        assertThat(people.get(2).counts()).containsEntry("a", 1);
    }

    @Test
    void replacingAnObjectAgainAndAgainDoesNotFillTheHeap() {
        SharedMap<Integer, Person> people = heap.map("people", Integer.class, StructureType.ofObject(Person.class));
        Person person = heap.object("person", Person.class);
        person.counts().put("a", 1);
        person.home().zip(3);
        for (int i = 0; i < 2 * SIZE / (17 << 10); i++) {
            Person _ = people.put(1, person);
        }
        assertThat(holders(people.get(1))).isEqualTo(1);
    }

    @Test
    void aHeapThatIsFullOfObjectsThatNobodyRefersToAnyMoreHasRoom() {
        SharedMap<Integer, Person> people = heap.map("people", Integer.class, StructureType.ofObject(Person.class));
        Person person = heap.object("person", Person.class);
        person.counts().put("a", 1);
        List<Person> some = new ArrayList<>();
        for (int i = 0; i < 2 * SIZE / (17 << 10); i++) {
            Person _ = people.put(1, person);
            Person opened = people.get(1); // keeps its memory until the collector has run
            if (i < 10) {
                some.add(opened);
            }
        }
        assertThat(people.get(1).counts()).containsEntry("a", 1);
        assertThat(some).hasSize(10); // which are held until here
    }

    /** How many handles an object says that it is open by. */
    private int holders(Object handle) {
        long header = ((HeapObject) LiveClass.fields(handle)).versionAt() - ObjectLayout.VERSION;
        int count = 0;
        for (int i = 0; i < ObjectLayout.HOLDERS; i++) {
            long at = header + ObjectLayout.FIRST_HOLDER + i * (long) Long.BYTES;
            count += heap.heap().memory().getAcquire(at) == 0 ? 0 : 1;
        }
        return count;
    }
}

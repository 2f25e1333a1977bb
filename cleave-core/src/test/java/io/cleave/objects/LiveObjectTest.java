package io.cleave.objects;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.IncompatibleBlockException;
import io.cleave.StaleReferenceException;
import java.math.BigDecimal;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Live objects in one process: all types of fields, the end of objects, updates, copies. */
class LiveObjectTest {
    private SharedHeap heap;

    /** A field of each primitive. */
    interface Primitives {
        boolean isOn();

        void setOn(boolean value);

        byte b();

        void b(byte value);

        short s();

        void s(short value);

        char c();

        void c(char value);

        int i();

        void i(int value);

        long l();

        void l(long value);

        float f();

        void f(float value);

        double d();

        void d(double value);
    }

    /** A class of values. */
    record Point(int x, String label) {}

    /** An enum likewise. */
    enum Color {
        RED, GREEN
    }

    /** Values that are not primitives. */
    interface Values {
        @Nullable String text();

        void text(@Nullable String value);

        Point point();

        void point(Point value);

        Color color();

        void color(Color value);

        double[] prices();

        void prices(double[] value);

        BigDecimal amount();

        void amount(BigDecimal value);

        LocalDate day();

        void day(LocalDate value);

        Integer boxed();

        void boxed(Integer value);

        Object any();

        void any(Object value);
    }

    /** An object in an object. */
    interface Address {
        String street();

        void street(String value);

        int zip();

        void zip(int value);
    }

    /** Structures in an object. */
    interface Company {
        String name();

        void name(String value);

        int employees();

        void employees(int value);

        int addAndGetEmployees(int delta);

        Address address();

        @Nullable Address branch();

        void branch(@Nullable Address value);

        SharedMap<String, Integer> counts();

        List<String> notes();

        Set<Long> ids();

        Map<String, List<Address>> sites();

        default String label() {
            return name() + " (" + employees() + ")";
        }
    }

    @BeforeEach
    void open() {
        heap = SharedHeap.create("live" + ProcessHandle.current().pid(), 64 << 20);
    }

    @AfterEach
    void close() {
        HeapVerification report = heap.verify();
        assertThat(report.isSound()).as(report::toString).isTrue();
        heap.close();
    }

    @Test
    void eachPrimitiveComesBackAsItWasSet() {
        Primitives it = heap.object("p", Primitives.class);
        assertThat(it.isOn()).isFalse();
        assertThat(it.d()).isZero();
        it.setOn(true);
        it.b(Byte.MIN_VALUE);
        it.s(Short.MIN_VALUE);
        it.c('\uffff');
        it.i(Integer.MIN_VALUE);
        it.l(Long.MIN_VALUE);
        it.f(-0.5f);
        it.d(Double.MIN_VALUE);
        Primitives other = heap.object("p", Primitives.class);
        assertThat(other.isOn()).isTrue();
        assertThat(other.b()).isEqualTo(Byte.MIN_VALUE);
        assertThat(other.s()).isEqualTo(Short.MIN_VALUE);
        assertThat(other.c()).isEqualTo('\uffff');
        assertThat(other.i()).isEqualTo(Integer.MIN_VALUE);
        assertThat(other.l()).isEqualTo(Long.MIN_VALUE);
        assertThat(other.f()).isEqualTo(-0.5f);
        assertThat(other.d()).isEqualTo(Double.MIN_VALUE);
        assertThat(it.toString()).startsWith("Primitives[b=-128, c=").contains("on=true");
    }

    @Test
    void valuesOfAllSortsComeBackAsTheyWereSet() {
        Values it = heap.object("v", Values.class);
        assertThat(it.text()).isNull();
        for (String text : new String[] {"short", "a text that is too long for a word", "", "a"}) {
            it.text(text);
            assertThat(it.text()).isEqualTo(text);
        }
        it.text(null);
        assertThat(it.text()).isNull();
        it.point(new Point(3, "three"));
        it.color(Color.GREEN);
        it.prices(new double[] {1.5, 2.5});
        it.amount(new BigDecimal("12.340"));
        it.day(LocalDate.of(2024, 2, 29));
        it.boxed(7);
        it.any(List.of("x", 2L));
        assertThat(it.point()).isEqualTo(new Point(3, "three"));
        assertThat(it.color()).isEqualTo(Color.GREEN);
        assertThat(it.prices()).containsExactly(1.5, 2.5);
        assertThat(it.amount()).isEqualTo(new BigDecimal("12.340"));
        assertThat(it.day()).isEqualTo(LocalDate.of(2024, 2, 29));
        assertThat(it.boxed()).isEqualTo(7);
        assertThat(it.any()).isEqualTo(List.of("x", 2L));
    }

    @Test
    void structuresInAnObjectAreLiveAndDefaultMethodsRunAsTheyAre() {
        Company it = heap.object("c", Company.class);
        it.name("Acme, the makers of everything");
        it.employees(3);
        assertThat(it.label()).isEqualTo("Acme, the makers of everything (3)");
        assertThat(it.addAndGetEmployees(4)).isEqualTo(7);
        it.address().street("High Street, at the corner");
        it.address().zip(123);
        it.counts().put("a", 1);
        it.notes().add("first");
        it.ids().add(5L);
        it.sites().put("north", List.of());
        it.sites().get("north").add(it.address());
        Company other = heap.object("c", Company.class);
        assertThat(other).isEqualTo(it).hasSameHashCodeAs(it);
        assertThat(other.address().street()).isEqualTo("High Street, at the corner");
        assertThat(other.address()).isEqualTo(it.address());
        assertThat(other.counts()).containsExactly(Map.entry("a", 1));
        assertThat(other.notes()).containsExactly("first");
        assertThat(other.ids()).containsExactly(5L);
        Address copy = other.sites().get("north").get(0);
        assertThat(copy).isNotEqualTo(it.address());
        assertThat(copy.zip()).isEqualTo(123);
        assertThat(it.branch()).isNull();
        it.branch(it.address());
        assertThat(it.branch().zip()).isEqualTo(123);
        it.branch().zip(4);
        assertThat(it.address().zip()).isEqualTo(123);
        Address branch = it.branch();
        it.branch(branch);
        assertThat(branch.zip()).isEqualTo(4);
        it.branch(null);
        assertThatThrownBy(branch::zip).isInstanceOf(StaleReferenceException.class);
    }

    @Test
    void whoeverHasAHandleOnWhatWasDroppedIsTold() {
        Company it = heap.object("c", Company.class);
        Address address = it.address();
        it.employees(1);
        assertThat(heap.drop("c")).isTrue();
        for (Runnable use : List.<Runnable>of(it::employees, () -> it.employees(2), it::name,
                () -> it.name("long name"),
                () -> it.addAndGetEmployees(1), () -> Live.update(it, each -> each.employees(3)),
                () -> Live.read(it, Company::employees))) {
            assertThatThrownBy(use::run).isInstanceOf(StaleReferenceException.class);
        }
        assertThat(heap.object("c", Company.class).employees()).isZero();
        assertThat(address).isNotNull();
    }

    @Test
    void anUpdateHappensAsAWholeOrNotAtAll() {
        Company it = heap.object("c", Company.class);
        it.name("before, and longer than a word");
        it.employees(1);
        assertThatThrownBy(() -> Live.update(it, draft -> {
            draft.name("half, and longer than a word");
            draft.employees(2);
            assertThat(draft.label()).isEqualTo("half, and longer than a word (2)");
            draft.branch(draft.address());
            throw new IllegalArgumentException("not this time");
        })).isInstanceOf(IllegalArgumentException.class).hasMessage("not this time");
        assertThat(it.label()).isEqualTo("before, and longer than a word (1)");
        assertThat(it.branch()).isNull();
        Live.update(it, draft -> {
            draft.name("after, and longer than a word");
            draft.addAndGetEmployees(1);
            draft.branch(draft.address());
            draft.branch().zip(9);
        });
        assertThat(Live.<Company, String>read(it, Company::label)).isEqualTo("after, and longer than a word (2)");
        assertThat(it.branch().zip()).isEqualTo(9);
    }

    @Test
    void anUpdateRefusesAnotherHandleOnItsObjectAndAViewRefusesChanges() {
        Company it = heap.object("c", Company.class);
        assertThatThrownBy(() -> Live.update(it, _ -> it.name("another way, and longer")))
                .isInstanceOf(IllegalStateException.class).hasMessageContaining("Recursive update");
        assertThatThrownBy(() -> Live.read(it, view -> {
            view.employees(1);
            return 1;
        })).isInstanceOf(IllegalStateException.class).hasMessageContaining("use Live.update");
    }

    @Test
    void aViewWhoseValueIsGoneIsReadAnewWhateverTheFunctionMakesOfThat() {
        Company it = heap.object("c", Company.class);
        it.name("a first name that takes a block");
        AtomicInteger calls = new AtomicInteger();
        String read = Live.read(it, view -> {
            if (calls.getAndIncrement() == 0) {
                CompletableFuture.runAsync(() -> it.name("a second name that takes a block")).join();
            }
            try {
                return view.name();
            } catch (RuntimeException e) {
                return "none";
            }
        });
        assertThat(read).isEqualTo("a second name that takes a block");
        assertThat(calls).hasValue(2);
        calls.set(0);
        assertThatThrownBy(() -> Live.read(it, view -> {
            calls.getAndIncrement();
            it.name("a third name that takes a block");
            return view.name();
        })).isInstanceOf(IllegalStateException.class).hasMessageContaining("Live.read must not change it");
        assertThat(calls).hasValue(1);
        assertThat(it.name()).isEqualTo(read);
    }

    /** Has nothing that a company has. */
    interface Unlike {
        int other();

        void other(int value);
    }

    /** Has a company's name as something else. */
    interface Misnamed {
        long name();

        void name(long value);
    }

    /** Has a company's name as another value. */
    interface Dated {
        LocalDate name();

        void name(LocalDate value);
    }

    @Test
    void aLiveSourceThatDoesNotFitIsRefused() {
        Company it = heap.object("c", Company.class);
        it.name("a name that takes a block");
        assertThatThrownBy(() -> Live.copyInto(heap.object("u", Unlike.class), it))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("none of the fields");
        assertThatThrownBy(() -> Live.copyInto(heap.object("m", Misnamed.class), it))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("name");
        Dated dated = heap.object("d", Dated.class);
        dated.name(LocalDate.of(2024, 2, 29));
        assertThatThrownBy(() -> Live.copyInto(dated, it))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("name");
        assertThat(it.name()).isEqualTo("a name that takes a block");
    }

    /** A copy of a company. */
    record CompanyRecord(String name, int employees, AddressRecord address, List<String> notes) {}

    /** A copy of an address. */
    record AddressRecord(String street, int zip) {}

    @Test
    void recordsAreCopiedInAndOut() {
        CompanyRecord record = new CompanyRecord("Copied, all of it", 12, new AddressRecord("Long Lane, number one", 1),
                List.of("one", "a second note that is longer"));
        Company it = heap.copyIn("c", Company.class, record);
        assertThat(it.label()).isEqualTo("Copied, all of it (12)");
        assertThat(it.address().street()).isEqualTo("Long Lane, number one");
        assertThat(Live.snapshot(it, CompanyRecord.class)).isEqualTo(record);
        Company second = heap.copyIn("d", Company.class, it);
        assertThat(Live.snapshot(second, CompanyRecord.class)).isEqualTo(record);
        assertThat(second).isNotEqualTo(it);
    }

    @Test
    void objectsAreElementsOfMapsAndLists() {
        SharedMap<String, Address> map = heap.map("m", String.class, StructureType.object(Address.class));
        map.put("a", heap.object("source", Address.class));
        Address live = map.get("a");
        live.zip(5);
        assertThat(map.get("a").zip()).isEqualTo(5);
        assertThat(map.compute("a", (_, it) -> {
            it.zip(6);
            return it;
        })).isEqualTo(live);
        assertThat(live.zip()).isEqualTo(6);
        Address removed = map.remove("a");
        assertThat(removed.zip()).isEqualTo(6);
        removed.zip(7);
        assertThat(removed.zip()).isEqualTo(7);
        assertThatThrownBy(live::zip).isInstanceOf(StaleReferenceException.class);
        SharedList<Address> list = heap.list("l", StructureType.object(Address.class));
        list.add(removed);
        list.get(0).street("a street with a name");
        assertThat(list.set(0, list.get(0)).street()).isEqualTo("a street with a name");
        assertThat(list.get(0).zip()).isEqualTo(7);
    }

    @Test
    void anObjectIsNotOpenedAsWhatItIsNot() {
        heap.object("c", Address.class);
        assertThatThrownBy(() -> heap.object("c", Company.class)).isInstanceOf(IncompatibleBlockException.class)
                .hasMessageContaining("Address").hasMessageContaining("Company");
        assertThatThrownBy(() -> heap.map("c", String.class, Long.class))
                .isInstanceOf(IncompatibleBlockException.class);
        heap.map("m", String.class, StructureType.object(Address.class));
        assertThatThrownBy(() -> heap.map("m", String.class, StructureType.object(Company.class)))
                .isInstanceOf(IncompatibleBlockException.class).hasMessageContaining("Address");
    }
}

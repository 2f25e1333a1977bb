package io.cleave.objects;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.IncompatibleBlockException;
import io.cleave.testing.ChildJvm;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Programs of several versions that use the same live objects. */
class LiveVersionsTest {
    private static final String TYPE = "example.Account";
    private static final Map<String, Class<?>> FIRST = Map.of("cents", long.class, "owner", String.class);
    private static final Map<String, Class<?>> SECOND = Map.of("cents", long.class, "owner", String.class, "active",
            boolean.class, "zone", String.class);

    private SharedHeap heap;

    @BeforeEach
    void open() {
        heap = SharedHeap.create("versions" + ProcessHandle.current().pid(), 16 << 20);
    }

    @AfterEach
    void close() {
        HeapVerification report = heap.verify();
        assertThat(report.isSound()).as(report::toString).isTrue();
        heap.close();
    }

    private static Class<?> version(Map<String, Class<?>> fields) {
        return LiveVersions.define(TYPE, fields);
    }

    @Test
    void fieldsAreAddedToAnObjectThatIsInUse() throws ReflectiveOperationException {
        Object old = heap.object("a", version(FIRST));
        LiveVersions.set(old, "cents", 7L);
        LiveVersions.set(old, "owner", "a long name of an owner");
        Object young = heap.object("a", version(SECOND));
        assertThat(LiveVersions.get(young, "cents")).isEqualTo(7L);
        assertThat(LiveVersions.get(young, "owner")).isEqualTo("a long name of an owner");
        assertThat(LiveVersions.get(young, "active")).isEqualTo(false);
        assertThat(LiveVersions.get(young, "zone")).isNull();
        LiveVersions.set(young, "zone", "a zone with a long name");
        LiveVersions.set(young, "active", true);
        LiveVersions.set(old, "owner", "another owner with a name");
        assertThat(LiveVersions.get(young, "owner")).isEqualTo("another owner with a name");
        assertThat(LiveVersions.get(heap.object("a", version(SECOND)), "zone")).isEqualTo("a zone with a long name");
        assertThat(LiveVersions.get(heap.object("a", version(FIRST)), "cents")).isEqualTo(7L);
    }

    @Test
    void aFieldOfAnotherTypeIsRefusedWithItsName() {
        Object _ = heap.object("a", version(FIRST));
        assertThatThrownBy(() -> heap.object("a", version(Map.of("cents", int.class, "owner", String.class))))
                .isInstanceOf(IncompatibleBlockException.class).hasMessageContaining("the field cents is int here")
                .hasMessageContaining("long there");
    }

    @Test
    void moreFieldsThanThereIsRoomForAreRefusedWithTheirNames() {
        Object _ = heap.object("a", version(FIRST));
        Map<String, Class<?>> many = new LinkedHashMap<>(FIRST);
        for (int i = 0; i <= ObjectLayout.SPARE_SLOTS; i++) {
            many.put("more" + i, int.class);
        }
        assertThatThrownBy(() -> heap.object("a", version(many))).isInstanceOf(IncompatibleBlockException.class)
                .hasMessageContaining("int more" + ObjectLayout.SPARE_SLOTS).hasMessageContaining("copyIn");
        many.remove("more0");
        assertThat(heap.object("a", version(many))).isNotNull();
    }

    @Test
    void aHeapThatIsOnlyReadShowsAddedFieldsAsEmpty() throws ReflectiveOperationException {
        Object old = heap.object("a", version(FIRST));
        LiveVersions.set(old, "owner", "a long name of an owner");
        try (SharedHeap reader = SharedHeap.open(heap.name(), HeapOptions.defaults().withReadOnly(true))) {
            Object young = reader.object("a", version(SECOND));
            assertThat(LiveVersions.get(young, "owner")).isEqualTo("a long name of an owner");
            assertThat(LiveVersions.get(young, "active")).isEqualTo(false);
            assertThat(LiveVersions.get(young, "zone")).isNull();
            assertThatThrownBy(() -> LiveVersions.set(young, "active", true))
                    .isInstanceOf(UnsupportedOperationException.class).hasMessageContaining("reading only");
            assertThatThrownBy(() -> LiveVersions.set(young, "zone", "x"))
                    .isInstanceOf(UnsupportedOperationException.class);
        }
    }

    @Test
    void whoOnlyReadsTakesNoOtherVersionsFieldForOneThatTheObjectDoesNotHave() throws ReflectiveOperationException {
        Object old = heap.object("a", version(FIRST));
        LiveVersions.set(old, "cents", 7L);
        try (SharedHeap reader = SharedHeap.open(heap.name(), HeapOptions.defaults().withReadOnly(true))) {
            Object young = reader.object("a", version(SECOND));
            Object other = heap.object("a", version(Map.of("aa", long.class, "bb", long.class)));
            LiveVersions.set(other, "aa", -1L);
            LiveVersions.set(other, "bb", -1L);
            assertThat(LiveVersions.get(young, "cents")).isEqualTo(7L);
            assertThat(LiveVersions.get(young, "active")).isEqualTo(false);
            assertThat(LiveVersions.get(young, "zone")).isNull();
            assertThat(young.toString()).contains("active=false").contains("zone=null");
            assertThatThrownBy(() -> LiveVersions.set(young, "active", true))
                    .isInstanceOf(UnsupportedOperationException.class).hasMessageContaining("active");
            Object writer = heap.object("a", version(SECOND));
            LiveVersions.set(writer, "active", true);
            LiveVersions.set(writer, "zone", "a zone with a long name");
            Object again = reader.object("a", version(SECOND));
            assertThat(LiveVersions.get(again, "active")).isEqualTo(true);
            assertThat(LiveVersions.get(again, "zone")).isEqualTo("a zone with a long name");
        }
    }

    @Test
    void interfacesInPackagesOfTheSameNameAreImplementedInEachClassLoader() throws ReflectiveOperationException {
        Class<?> outer = LiveVersions.define("example.Outer", FIRST);
        Class<?> inner = LiveVersions.define(outer.getClassLoader(), "example.Inner", FIRST);
        for (Class<?> type : new Class<?>[] {outer, inner}) {
            Object object = heap.object(type.getName(), type);
            LiveVersions.set(object, "cents", 7L);
            assertThat(object.getClass().getClassLoader()).isEqualTo(type.getClassLoader());
            assertThat(LiveVersions.get(object, "cents")).isEqualTo(7L);
        }
        Class<?> another = LiveVersions.define(inner.getClassLoader(), "example.Innermost", FIRST);
        assertThat(heap.object("c", another)).isNotNull();
    }

    /** Another version, in another JVM. */
    static final class Other {
        public static void main(String[] arguments) throws ReflectiveOperationException {
            try (SharedHeap heap = SharedHeap.open(arguments[0])) {
                Object young = heap.object("a", version(SECOND));
                LiveVersions.set(young, "cents", (long) LiveVersions.get(young, "cents") + 1);
                LiveVersions.set(young, "zone", "a zone with a long name");
                System.out.println("owner " + LiveVersions.get(young, "owner"));
                try {
                    Object _ = heap.object("b", version(SECOND));
                } catch (IncompatibleBlockException e) {
                    System.out.println("refused " + e.getMessage());
                }
            }
        }
    }

    @Test
    void anotherJvmWithAnotherVersionGoesOnOrIsToldTheField() throws Exception {
        Object old = heap.object("a", version(FIRST));
        LiveVersions.set(old, "cents", 41L);
        LiveVersions.set(old, "owner", "a long name of an owner");
        Object _ = heap.object("b", version(Map.of("cents", double.class, "owner", String.class)));
        try (ChildJvm jvm = ChildJvm.start(Other.class, heap.name())) {
            assertThat(jvm.awaitExit()).as(jvm.toString()).isZero();
            assertThat(jvm.lines()).contains("owner a long name of an owner");
            assertThat(jvm.lines()).anySatisfy(line -> assertThat(line).startsWith("refused")
                    .contains("the field cents is long here, and was double there"));
        }
        assertThat(LiveVersions.get(old, "cents")).isEqualTo(42L);
        assertThat(LiveVersions.get(heap.object("a", version(SECOND)), "zone")).isEqualTo("a zone with a long name");
    }

    @Test
    void aClassLoaderWhoseParentHasTheSamePackageHasLiveObjectsOfItsOwn() throws ReflectiveOperationException {
        Class<?> outer = LiveVersions.define("cleave.shared.Outer", Map.of("x", long.class));
        Class<?> inner = LiveVersions.define(outer.getClassLoader(), "cleave.shared.Inner", Map.of("y", long.class));
        Class<?> second = LiveVersions.define(outer.getClassLoader(), "cleave.shared.Second", Map.of("z", long.class));
        Object parent = heap.object("outer", outer);
        Object child = heap.object("inner", inner);
        Object sibling = heap.object("second", second);
        LiveVersions.set(parent, "x", 1L);
        LiveVersions.set(child, "y", 2L);
        LiveVersions.set(sibling, "z", 3L);
        assertThat(LiveVersions.get(parent, "x")).isEqualTo(1L);
        assertThat(LiveVersions.get(child, "y")).isEqualTo(2L);
        assertThat(LiveVersions.get(sibling, "z")).isEqualTo(3L);
    }
}

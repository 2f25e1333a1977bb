package io.cleave.objects;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.HeapFullException;
import io.cleave.IncompatibleBlockException;
import io.cleave.StaleReferenceException;
import io.cleave.heap.HeapMemory;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.ConcurrentModificationException;
import java.util.Iterator;
import java.util.List;
import java.util.ListIterator;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What users of a list can rely on beyond what any list does. */
class ListUseTest {
    private final SharedHeap heap = SharedHeap.create("listuse" + ProcessHandle.current().pid(), 64 << 20);

    @AfterEach
    void close() {
        HeapVerification report = heap.verify();
        heap.close();
        assertThat(report.isSound()).as(report::toString).isTrue();
    }

    private SharedList<String> texts() {
        return heap.list("list", String.class);
    }

    /** A block that is freed is soon another element's. */
    @Test
    void anIteratorChangesNoOtherElementThatHasTheBlockOfItsOwn() {
        SharedList<String> list = texts();
        for (int sets = 1; sets < 60; sets++) {
            list.clear();
            list.addAll(List.of("an element of some length", "another element of some length"));
            ListIterator<String> all = list.listIterator();
            assertThat(all.next()).isEqualTo("an element of some length");
            for (int i = 0; i < sets; i++) {
                list.set(0, "element number " + (1000 + i) + "       ");
            }
            assertThatThrownBy(all::remove).isInstanceOf(ConcurrentModificationException.class);
            assertThatThrownBy(() -> all.set("mine")).isInstanceOf(ConcurrentModificationException.class);
        }
        for (int adds = 1; adds < 60; adds++) {
            list.clear();
            list.add("an element of some length");
            ListIterator<String> all = list.listIterator();
            assertThat(all.next()).isEqualTo("an element of some length");
            for (int i = 0; i < adds; i++) {
                list.removeFirst();
                list.add("element number " + (1000 + i) + "       ");
            }
            assertThatThrownBy(all::remove).isInstanceOf(ConcurrentModificationException.class);
        }
    }

    @Test
    void anIteratorChangesItsElementAsOftenAsItIsAsked() {
        SharedList<String> list = texts();
        list.addAll(List.of("a long element, the first", "a long element, the second", "c"));
        ListIterator<String> all = list.listIterator();
        while (all.hasNext()) {
            String element = all.next();
            all.set(element + ", changed once, to another block");
            all.set(element + "!");
            all.remove();
            all.add(element + "?");
        }
        assertThat(list).containsExactly("a long element, the first?", "a long element, the second?", "c?");
    }

    /** Pretends that the last leaf of a short list is that of the longest. */
    @Test
    void aListGrowsToTwoToTheThirtyOneMinusOne() {
        try (SharedHeap large = SharedHeap.create("longest" + ProcessHandle.current().pid(), 9L << 30)) {
            SharedIntList list = large.intList("list");
            for (int i = 0; i < 600; i++) {
                list.add(i);
            }
            SlotList slots = ((HeapIntList) list).slots();
            HeapMemory memory = slots.memory();
            long stateAt = ListLayout.stateAt(slots.header(), ListLayout.versionAcquire(memory, slots.header()));
            long tail = memory.getPlain(stateAt + ListLayout.TAIL_IN_STATE);
            long end = memory.getPlain(stateAt + ListLayout.TAIL_END_IN_STATE);
            long shift = (1L << 31) - end;
            memory.setPlain(stateAt + ListLayout.TAIL_END_IN_STATE, 1L << 31);
            memory.setPlain(stateAt + ListLayout.TAIL_IN_STATE, tail - (shift << 2));
            memory.setPlain(stateAt + ListLayout.COUNT_IN_STATE, Integer.MAX_VALUE - 1);
            list.add(1);
            assertThat(list.size()).isEqualTo(Integer.MAX_VALUE);
            assertThatThrownBy(() -> list.add(2)).isInstanceOf(IllegalStateException.class);
            assertThat(list.size()).isEqualTo(Integer.MAX_VALUE);
            memory.setPlain(stateAt + ListLayout.TAIL_END_IN_STATE, end);
            memory.setPlain(stateAt + ListLayout.TAIL_IN_STATE, tail);
            memory.setPlain(stateAt + ListLayout.COUNT_IN_STATE, 600);
        }
    }

    @Test
    void aListThroughAnotherHandleOnItsHeapIsTheSame() {
        try (SharedHeap other = SharedHeap.open(heap.name())) {
            HeapList<String> list = (HeapList<String>) texts();
            assertThat(list.isSame(other.list("list", String.class))).isTrue();
            assertThat(list.isSame(other.list("another", String.class))).isFalse();
        }
    }

    @Test
    void elementsComeBackAsTheyWereWhateverTheyAre() {
        SharedList<Object> list = heap.list("objects", Object.class);
        List<Object> all = new ArrayList<>(ValueCorpus.all().toList());
        all.add(1, null);
        all.add(BigInteger.TWO.pow(70));
        all.add(true);
        for (Object each : all) {
            list.add(each);
        }
        for (int i = 0; i < all.size(); i++) {
            if (all.get(i) == null) {
                assertThat(list.get(i)).isNull();
            } else {
                ValueCorpus.assertSame(list.get(i), all.get(i));
            }
        }
        assertThat(list.indexOf(new int[] {Integer.MIN_VALUE, 1})).isPositive();
        Collections.reverse(list);
        Collections.reverse(all);
        for (int i = 0; i < all.size(); i++) {
            int index = list.indexOf(all.get(i));
            assertThat(Objects.deepEquals(list.get(i), all.get(i)) ? index : 0).isBetween(0, i);
        }
        list.set(0, true);
        assertThat(list.get(0)).isEqualTo(true);
    }

    @Test
    void largeElementsAreReadAsTheyWereStored() {
        SharedList<byte[]> list = heap.list("bytes", byte[].class);
        byte[] large = new byte[9_000_000];
        large[large.length - 1] = 7;
        list.add(large);
        list.addAll(List.of(new byte[] {1}, large, new byte[0]));
        assertThat(list.get(0)).isEqualTo(large);
        assertThat(list.get(2)).isEqualTo(large);
        assertThat(list.set(2, new byte[3])).isEqualTo(large);
        assertThat(list.contains(new byte[3])).isTrue();
        assertThat(list.remove(0)).isEqualTo(large);
    }

    @Test
    void anElementOfAnotherClassIsRefusedAndChangesNothing() {
        SharedList<String> list = texts();
        list.add("a");
        @SuppressWarnings("unchecked")
        List<Object> raw = (List<Object>) (List<?>) list;
        assertThatThrownBy(() -> raw.add(5)).isInstanceOf(ClassCastException.class);
        assertThatThrownBy(() -> raw.set(0, 5)).isInstanceOf(ClassCastException.class);
        assertThatThrownBy(() -> raw.addAll(List.of("b", 5))).isInstanceOf(ClassCastException.class);
        assertThat(list).containsExactly("a");
        assertThatThrownBy(() -> heap.list("list", Long.class)).isInstanceOf(IncompatibleBlockException.class)
                .hasMessageContaining("java.lang.String").hasMessageContaining("java.lang.Long");
        assertThatThrownBy(() -> heap.map("list", String.class, String.class))
                .isInstanceOf(IncompatibleBlockException.class);
        assertThatThrownBy(() -> heap.intList("list")).isInstanceOf(IncompatibleBlockException.class);
        SharedIntList _ = heap.intList("ints");
        assertThatThrownBy(() -> heap.longList("ints")).isInstanceOf(IncompatibleBlockException.class)
                .hasMessageContaining("list of ints").hasMessageContaining("list of longs");
    }

    @Test
    void anIndexOutsideIsRefusedAndChangesNothing() {
        SharedList<String> list = texts();
        list.addAll(List.of("a", "b"));
        for (int index : new int[] {-1, -5, 3, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
            assertThatThrownBy(() -> list.get(index)).isInstanceOf(IndexOutOfBoundsException.class)
                    .hasMessageContaining("" + index).hasMessageContaining("2");
            assertThatThrownBy(() -> list.set(index, "x")).isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> list.add(index, "x")).isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> list.addAll(index, List.of("x"))).isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> list.remove(index)).isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> list.listIterator(index)).isInstanceOf(IndexOutOfBoundsException.class);
        }
        assertThat(list).containsExactly("a", "b");
        SharedLongList longs = heap.longList("longs");
        longs.addAll(1, 2);
        for (int index : new int[] {-1, 2, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
            assertThatThrownBy(() -> longs.get(index)).isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> longs.set(index, 1)).isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> longs.removeAt(index)).isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> longs.copyTo(index, new long[3], 0, 2))
                    .isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> longs.setAll(index, new long[2])).isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> longs.removeRange(index, 1)).isInstanceOf(IndexOutOfBoundsException.class);
        }
        assertThatThrownBy(() -> longs.add(-1, 1)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> longs.add(3, 1)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThat(longs.toArray()).containsExactly(1, 2);
    }

    @Test
    void codeThatChangesTheListWhichCallsItIsRefused() {
        SharedList<String> list = texts();
        list.addAll(List.of("c", "a", "b"));
        assertThatThrownBy(() -> list.sort((_, _) -> list.add("x") ? 1 : 0))
                .isInstanceOf(IllegalStateException.class).hasMessageContaining("Recursive update");
        assertThatThrownBy(() -> list.removeIf(text -> texts().remove(text)))
                .isInstanceOf(IllegalStateException.class).hasMessageContaining("Recursive update");
        assertThatThrownBy(() -> list.replaceAll(text -> list.set(0, text)))
                .isInstanceOf(IllegalStateException.class).hasMessageContaining("Recursive update");
        assertThat(list).containsExactly("c", "a", "b");
        list.sort((one, other) -> list.size() == 3 && list.contains(one) ? one.compareTo(other) : 0);
        list.replaceAll(text -> text + list.indexOf("c"));
        assertThat(list).containsExactly("a2", "b2", "c2");
    }

    @Test
    void codeThatFailsChangesNothingAndHoldsNobodyUp() {
        SharedList<String> list = texts();
        list.addAll(List.of("c", "a", "b"));
        assertThatThrownBy(() -> list.sort((_, _) -> {
            throw new IllegalCallerException("on purpose");
        })).isInstanceOf(IllegalCallerException.class);
        assertThatThrownBy(() -> list.removeIf(text -> text.charAt(3) == 'x'))
                .isInstanceOf(StringIndexOutOfBoundsException.class);
        assertThat(list).containsExactly("c", "a", "b");
        list.add("d");
        assertThat(list).hasSize(4);
    }

    @Test
    void aSortIsStable() {
        SharedList<String> list = texts();
        List<String> model = new ArrayList<>();
        for (int i = 0; i < 5000; i++) {
            model.add((i * 7919 % 13) + " number " + i);
        }
        list.addAll(model);
        list.sort((one, other) -> one.substring(0, 2).compareTo(other.substring(0, 2)));
        model.sort((one, other) -> one.substring(0, 2).compareTo(other.substring(0, 2)));
        assertThat(list).isEqualTo(model);
        list.sort(null);
        Collections.sort(model);
        assertThat(list).isEqualTo(model);
    }

    @Test
    void aFullHeapIsAnErrorThatChangesNothing() {
        SharedList<String> list = texts();
        SharedLongList longs = heap.longList("longs");
        longs.addAll(new long[1_000_000]);
        String value = "x".repeat(100_000);
        List<String> model = new ArrayList<>();
        assertThatThrownBy(() -> {
            while (model.size() < 10_000) {
                list.add(model.size() / 2, value + model.size());
                model.add(model.size() / 2, value + model.size());
            }
        }).isInstanceOf(HeapFullException.class);
        assertThat(list).isEqualTo(model);
        assertThatThrownBy(() -> list.set(3, value + value + value)).isInstanceOf(HeapFullException.class);
        while (true) {
            try {
                longs.add(0);
                longs.add(longs.size() / 2, 0);
            } catch (HeapFullException e) {
                break;
            }
        }
        int size = longs.size();
        assertThatThrownBy(longs::sort).isInstanceOf(HeapFullException.class);
        assertThat(longs.size()).isEqualTo(size);
        assertThat(list).isEqualTo(model);
        assertThat(heap.verify().isSound()).isTrue();
        list.clear();
        longs.sort();
        list.add(value);
        assertThat(list).containsExactly(value);
    }

    @Test
    void aDroppedListIsStaleAndAllItHadIsFree() {
        long empty = heap.statistics().usedBytes();
        SharedList<String> list = texts();
        for (int i = 0; i < 3000; i++) {
            list.add("a value of some length " + i);
        }
        Iterator<String> iterator = list.iterator();
        List<String> part = list.subList(5, 10);
        assertThat(heap.drop("list")).isTrue();
        assertThat(heap.statistics().usedBytes()).isLessThanOrEqualTo(empty + 2048);
        for (int i = 0; i < 2; i++) {
            assertThatThrownBy(() -> list.get(0)).isInstanceOf(StaleReferenceException.class);
            assertThatThrownBy(() -> list.get(5000)).isInstanceOf(StaleReferenceException.class);
            assertThatThrownBy(() -> list.add("x")).isInstanceOf(StaleReferenceException.class);
            assertThatThrownBy(list::size).isInstanceOf(StaleReferenceException.class);
            assertThatThrownBy(list::clear).isInstanceOf(StaleReferenceException.class);
            assertThatThrownBy(list::toArray).isInstanceOf(StaleReferenceException.class);
            assertThatThrownBy(iterator::next).isInstanceOf(StaleReferenceException.class);
            assertThatThrownBy(() -> part.get(0)).isInstanceOf(StaleReferenceException.class);
            SharedList<String> again = texts();
            assertThat(again).isEmpty();
        }
    }

    @Test
    void aSublistFailsOnceTheListHasChangedByOthers() {
        SharedList<String> list = texts();
        list.addAll(List.of("a", "b", "c", "d"));
        List<String> part = list.subList(1, 3);
        List<String> inner = part.subList(1, 2);
        list.set(1, "B");
        assertThat(part).containsExactly("B", "c");
        inner.add("x");
        assertThat(part).containsExactly("B", "c", "x");
        assertThat(list).containsExactly("a", "B", "c", "x", "d");
        part.clear();
        assertThat(list).containsExactly("a", "d");
        try (SharedHeap other = SharedHeap.open(heap.name())) {
            other.list("list", String.class).add("more");
        }
        assertThatThrownBy(() -> part.add("y")).isInstanceOf(ConcurrentModificationException.class);
        assertThatThrownBy(part::size).isInstanceOf(ConcurrentModificationException.class);
        List<String> all = list.subList(0, 3);
        Collections.swap(list, 0, 1);
        assertThat(all).containsExactly("d", "a", "more");
        list.sort(null);
        assertThatThrownBy(() -> all.get(0)).isInstanceOf(ConcurrentModificationException.class);
    }

    @Test
    void anIteratorGoesOnWhileOthersChangeTheListAndChangesOnlyWhatItHasReturned() {
        SharedList<String> list = texts();
        list.addAll(List.of("a", "b", "c"));
        ListIterator<String> iterator = list.listIterator();
        assertThat(iterator.next()).isEqualTo("a");
        list.add("d");
        list.remove("b");
        assertThat(iterator.next()).isEqualTo("c");
        list.set(1, "C");
        assertThatThrownBy(iterator::remove).isInstanceOf(ConcurrentModificationException.class);
        assertThatThrownBy(() -> iterator.set("x")).isInstanceOf(ConcurrentModificationException.class);
        assertThat(iterator.next()).isEqualTo("d");
        iterator.remove();
        assertThat(iterator.hasNext()).isFalse();
        assertThat(list).containsExactly("a", "C");
        Iterator<String> last = list.iterator();
        assertThat(last.next()).isEqualTo("a");
        assertThat(last.hasNext()).isTrue();
        list.clear();
        assertThat(last.next()).isEqualTo("C");
        assertThat(last.hasNext()).isFalse();
    }

    /** Runs something again and again on another thread while something else is done. */
    private static void whileRunning(Runnable background, Runnable foreground) throws InterruptedException {
        AtomicBoolean isOver = new AtomicBoolean();
        AtomicReference<Throwable> failure = new AtomicReference<>();
        Thread thread = Thread.ofPlatform().start(() -> {
            try {
                while (!isOver.get()) {
                    background.run();
                }
            } catch (RuntimeException | Error e) {
                failure.set(e);
            }
        });
        try {
            foreground.run();
        } finally {
            isOver.set(true);
            thread.join();
        }
        assertThat(failure.get()).isNull();
    }

    @Test
    void noReaderSeesAnElementThatNobodyHasStored() throws InterruptedException {
        SharedList<String> list = texts();
        list.addAll(List.of("a".repeat(100), "b".repeat(100)));
        Random random = new Random(4);
        whileRunning(() -> {
            char letter = (char) ('a' + random.nextInt(26));
            list.set(0, String.valueOf(letter).repeat(90 + random.nextInt(30)));
            list.set(1, String.valueOf(letter).repeat(90 + random.nextInt(30)));
        }, () -> {
            for (int i = 0; i < 200_000; i++) {
                String text = list.get(i & 1);
                if (text.length() < 90 || text.chars().distinct().count() != 1) {
                    throw new AssertionError(text);
                }
            }
        });
    }

    @Test
    void elementsBeforeThePlaceOfAChangeStayWhereTheyAre() throws InterruptedException {
        SharedLongList longs = heap.longList("longs");
        long[] up = new long[3000];
        Arrays.setAll(up, i -> i);
        longs.addAll(up);
        Random random = new Random(5);
        whileRunning(() -> {
            longs.add(1000 + random.nextInt(longs.size() - 1000), -1);
            if (longs.size() > 4000) {
                longs.removeRange(1000, 3000);
            }
        }, () -> {
            Random other = new Random(6);
            for (int i = 0; i < 400_000; i++) {
                int index = other.nextInt(1000);
                assertThat(longs.get(index)).isEqualTo(index);
            }
        });
    }

    @Test
    void threadsSeeASortOrNothingOfIt() throws InterruptedException {
        SharedLongList longs = heap.longList("longs");
        long[] up = new long[3000];
        Arrays.setAll(up, i -> i);
        longs.addAll(up);
        whileRunning(() -> {
            longs.add(0, longs.removeAt(2999));
            longs.sort();
        }, () -> {
            for (int i = 0; i < 300; i++) {
                long[] seen = longs.toArray();
                assertThat(seen.length).isBetween(2999, 3000);
                long[] sorted = seen.clone();
                Arrays.sort(sorted);
                if (!Arrays.equals(seen, sorted)) {
                    assertThat(Arrays.copyOfRange(seen, 1, 3000)).isSorted();
                    assertThat(seen[0]).isEqualTo(2999);
                }
            }
        });
    }
}

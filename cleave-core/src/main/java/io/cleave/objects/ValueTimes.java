package io.cleave.objects;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.MonthDay;
import java.time.OffsetDateTime;
import java.time.OffsetTime;
import java.time.Period;
import java.time.Year;
import java.time.YearMonth;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.List;

/** The classes of {@code java.time}, each by its fields. */
final class ValueTimes {
    private ValueTimes() {
    }

    static List<ValueForm<?>> forms() {
        return List.of(
                ValueForm.of(ValueTags.INSTANT, Instant.class, (value, out) -> {
                    out.putLong(value.getEpochSecond());
                    out.putInt(value.getNano());
                }, in -> Instant.ofEpochSecond(in.readLong(), nano(in))),
                ValueForm.of(ValueTags.DURATION, Duration.class, (value, out) -> {
                    out.putLong(value.getSeconds());
                    out.putInt(value.getNano());
                }, in -> Duration.ofSeconds(in.readLong(), nano(in))),
                ValueForm.of(ValueTags.PERIOD, Period.class, (value, out) -> {
                    out.putInt(value.getYears());
                    out.putInt(value.getMonths());
                    out.putInt(value.getDays());
                }, in -> Period.of(in.readInt(), in.readInt(), in.readInt())),
                ValueForm.of(ValueTags.LOCAL_DATE, LocalDate.class, ValueTimes::write, ValueTimes::readDate),
                ValueForm.of(ValueTags.LOCAL_TIME, LocalTime.class, ValueTimes::write, ValueTimes::readTime),
                ValueForm.of(ValueTags.LOCAL_DATE_TIME, LocalDateTime.class, ValueTimes::write,
                        ValueTimes::readDateTime),
                ValueForm.of(ValueTags.OFFSET_TIME, OffsetTime.class, (value, out) -> {
                    write(value.toLocalTime(), out);
                    write(value.getOffset(), out);
                }, in -> OffsetTime.of(readTime(in), readOffset(in))),
                ValueForm.of(ValueTags.OFFSET_DATE_TIME, OffsetDateTime.class, (value, out) -> {
                    write(value.toLocalDateTime(), out);
                    write(value.getOffset(), out);
                }, in -> OffsetDateTime.of(readDateTime(in), readOffset(in))),
                ValueForm.of(ValueTags.ZONE_OFFSET, ZoneOffset.class, ValueTimes::write, ValueTimes::readOffset),
                ValueForm.of(ValueTags.YEAR, Year.class, (value, out) -> out.putInt(value.getValue()),
                        in -> Year.of(in.readInt())),
                ValueForm.of(ValueTags.YEAR_MONTH, YearMonth.class, (value, out) -> {
                    out.putInt(value.getYear());
                    out.putByte(value.getMonthValue());
                }, in -> YearMonth.of(in.readInt(), in.readByte())),
                ValueForm.of(ValueTags.MONTH_DAY, MonthDay.class, (value, out) -> {
                    out.putByte(value.getMonthValue());
                    out.putByte(value.getDayOfMonth());
                }, in -> MonthDay.of(in.readByte(), in.readByte())),
                new Zoned(), new Region());
    }

    private static final int NANOS = 1_000_000_000;

    private static int nano(ValueInput in) {
        int nano = in.readInt();
        if (nano < 0 || nano >= NANOS) {
            throw in.damaged(nano + " is no number of nanoseconds");
        }
        return nano;
    }

    private static void write(LocalDate value, ValueBuffer out) {
        out.putInt(value.getYear());
        out.putByte(value.getMonthValue());
        out.putByte(value.getDayOfMonth());
    }

    private static LocalDate readDate(ValueInput in) {
        return LocalDate.of(in.readInt(), in.readByte(), in.readByte());
    }

    private static void write(LocalTime value, ValueBuffer out) {
        out.putLong(value.toNanoOfDay());
    }

    private static LocalTime readTime(ValueInput in) {
        return LocalTime.ofNanoOfDay(in.readLong());
    }

    private static void write(LocalDateTime value, ValueBuffer out) {
        write(value.toLocalDate(), out);
        write(value.toLocalTime(), out);
    }

    private static LocalDateTime readDateTime(ValueInput in) {
        return LocalDateTime.of(readDate(in), readTime(in));
    }

    private static void write(ZoneOffset value, ValueBuffer out) {
        out.putInt(value.getTotalSeconds());
    }

    private static ZoneOffset readOffset(ValueInput in) {
        return ZoneOffset.ofTotalSeconds(in.readInt());
    }

    private static boolean isByName(ZoneId zone) {
        try {
            return zone instanceof ZoneOffset || ZoneId.of(zone.getId()).equals(zone);
        } catch (DateTimeException e) {
            return false; // of another time zone database
        }
    }

    private static void writeZone(ZoneId zone, ValueBuffer out) {
        boolean isOffset = zone instanceof ZoneOffset;
        out.putByte(isOffset ? 1 : 0);
        if (isOffset) {
            write((ZoneOffset) zone, out);
        } else {
            out.putText(zone.getId());
        }
    }

    private static ZoneId readZone(ValueInput in) {
        return in.readBoolean() ? readOffset(in) : ZoneId.of(in.readText());
    }

    /** Date, time, offset and zone, of which the zone's rules may be others elsewhere: the instant stays the same then. */
    private static final class Zoned extends ValueForm<ZonedDateTime> {
        Zoned() {
            super(ValueTags.ZONED_DATE_TIME, ZonedDateTime.class);
        }

        @Override
        boolean isTotal() {
            return false;
        }

        @Override
        boolean fits(ZonedDateTime value) {
            return isByName(value.getZone()) && ZonedDateTime
                    .ofInstant(value.toLocalDateTime(), value.getOffset(), value.getZone()).equals(value);
        }

        @Override
        void write(ZonedDateTime value, ValueBuffer out) {
            ValueTimes.write(value.toLocalDateTime(), out);
            ValueTimes.write(value.getOffset(), out);
            writeZone(value.getZone(), out);
        }

        @Override
        ZonedDateTime read(ValueInput in) {
            return ZonedDateTime.ofInstant(readDateTime(in), readOffset(in), readZone(in));
        }
    }

    /** A zone that is no offset, by its name. */
    private static final class Region extends ValueForm<ZoneId> {
        @SuppressWarnings("unchecked") // the one class that zones with names have
        Region() {
            super(ValueTags.ZONE_REGION, (Class<ZoneId>) ZoneId.of("UTC").getClass());
        }

        @Override
        boolean isTotal() {
            return false;
        }

        @Override
        boolean fits(ZoneId value) {
            return isByName(value);
        }

        @Override
        void write(ZoneId value, ValueBuffer out) {
            out.putText(value.getId());
        }

        @Override
        ZoneId read(ValueInput in) {
            return ZoneId.of(in.readText());
        }
    }
}

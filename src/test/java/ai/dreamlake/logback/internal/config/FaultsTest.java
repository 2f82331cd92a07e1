package ai.dreamlake.logback.internal.config;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.core.ContextBase;
import ch.qos.logback.core.joran.util.PropertySetter;
import ch.qos.logback.core.joran.util.beans.BeanDescriptionCache;
import ch.qos.logback.core.spi.ContextAwareBase;
import ch.qos.logback.core.status.ErrorStatus;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Faults that Logback only warns about. */
class FaultsTest {

    /** Has a kind of property that none of our classes has today. */
    public static final class Bean {
        public void setUnit(TimeUnit unit) {}
    }

    @Test
    void aFaultInAnEnumPropertyListsTheEnumsNames() {
        ContextBase context = new ContextBase();
        ContextAwareBase status = new ContextAwareBase();
        status.setContext(context);
        Bean bean = new Bean();
        PropertySetter setter = new PropertySetter(new BeanDescriptionCache(context), bean);
        setter.setContext(context);
        setter.setProperty("unit", "FORTNIGHTS");
        Faults faults = new Faults(status);
        faults.begin("A", List.of(bean));
        assertThat(faults.found()).isTrue();
        assertThat(context.getStatusManager().getCopyOfStatusList())
                .filteredOn(ErrorStatus.class::isInstance)
                .last()
                .returns(
                        "<unit> of appender [A] is \"FORTNIGHTS\": choose one of NANOSECONDS, MICROSECONDS, "
                                + "MILLISECONDS, SECONDS, MINUTES, HOURS, DAYS.",
                        said -> said.getMessage());
    }
}

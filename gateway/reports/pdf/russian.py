# ruff: noqa: RUF001 - Russian is written in Cyrillic letters, and some of them look like Latin ones
"""The Russian texts of the PDF report."""

from types import MappingProxyType
from typing import Final

from gateway.reports.pdf.texts import PdfTexts
from screening.contract import FINDINGS
from screening.report import Notice

RUSSIAN_FINDINGS: Final = (
    "Кальциноз стенок артерий",
    "Ателектаз",
    "Бронхоэктазы",
    "Кардиомегалия",
    "Консолидация",
    "Кальциноз коронарных артерий",
    "Эмфизема",
    "Грыжа пищеводного отверстия диафрагмы",
    "Очаг в лёгком",
    "Затемнение в лёгком",
    "Лимфаденопатия",
    "Мозаичная перфузия",
    "Утолщение стенок бронхов",
    "Перикардиальный выпот",
    "Плевральный выпот",
    "Фиброзные изменения лёгких",
)

RUSSIAN: Final = PdfTexts(
    title="Скрининг КТ органов грудной клетки",
    patient="Пациент",
    pseudonym="Псевдоним",
    file="Файл",
    study="Исследование",
    scan="Запись",
    reported="Отчёт составлен",
    verdicts=MappingProxyType(
        {
            "normal": "Норма: ниже порога",
            "pathology": "Патология: рентгенологу в первую очередь",
            "not_analysed": "Не проанализировано: заключения нет",
        }
    ),
    probability="Вероятность патологии",
    operating_point="Рабочая точка",
    sensitivity="чувствительность",
    specificity="специфичность",
    not_measured="чувствительность не измерена",
    reason="Причина",
    key_slice="Ключевой срез; справа тепловая карта",
    no_picture="Изображения ключевого среза нет.",
    location="Область (x, y, z в вокселях, от и до)",
    findings="Находки",
    findings_help="средний балл; срезы исследования, где находка первая",
    finding_names=MappingProxyType(dict(zip(FINDINGS, RUSSIAN_FINDINGS, strict=True))),
    series="Серии",
    slices="срезов",
    reasons=MappingProxyType(
        {
            "chosen": "Лучшая аксиальная серия исследования.",
            "localiser": "Локалайзер, а не серия срезов.",
            "not_ct": "Не КТ.",
            "not_axial": "Срезы не аксиальные.",
            "too_few_slices": "Слишком мало срезов.",
            "gaps": "Не хватает срезов: в серии есть пропуски.",
            "no_lung": "Лёгкие не найдены.",
            "kernel": "Ядро реконструкции другой серии подходит лучше.",
            "duplicate": "Повторяет выбранную серию.",
            "fewer_slices": "В другой серии больше срезов той же грудной клетки.",
            "missing_position": "Положение или ориентация пациента не указаны или невозможны.",
        }
    ),
    warnings="Предупреждения",
    model="Карточка модели",
    analysis="Анализ",
    notices=MappingProxyType(
        {
            Notice.NO_MEDICAL_DEVICE.code: "Turnstile не является медицинским изделием; решение принимает рентгенолог.",
            Notice.UNTRAINED.code: "Веса не обучены: заключение ничего не значит.",
        }
    ),
)

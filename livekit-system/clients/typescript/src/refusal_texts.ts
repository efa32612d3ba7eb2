// Every code that a client can meet, with words for its user. Held to the schema's and the functions' codes by
// tests/unit/test_refusal_texts.py: a code without a text fails it, and so does a text without a code.

import type { Text } from "./event_types.ts";

const t = (en: string, tr: string): Text => ({ en, tr });

const OVER = t("This broadcast is over.", "Bu yayın sona erdi.");
const CALL_OVER = t("This call is over.", "Bu arama sona erdi.");
const UNREACHABLE = t("They cannot be reached.", "Bu kişiye şu an ulaşılamıyor.");
const AGAIN = t("Something went wrong. Please try again.", "Bir sorun oluştu. Lütfen yeniden deneyiniz.");
const BUSY = t(
  "Too busy just now. Please try again in a moment.",
  "Şu anda çok yoğun. Lütfen birazdan yeniden deneyiniz.",
);
const NOT_POSSIBLE = t("This is not possible.", "Bu işlem yapılamıyor.");
const NOT_ALLOWED = t("You may not do this.", "Bu işlem için yetkiniz yok.");
const OPS = t("Only the operations team may do this.", "Bunu yalnızca operasyon ekibi yapabilir.");
const ACCOUNT = t("Please create an account to continue.", "Devam etmek için lütfen hesap oluşturunuz.");

export const REFUSAL_TEXTS = {
  reason_needed: t("Please say why.", "Lütfen nedenini yazınız."),
  account_deleted: t("This account was deleted.", "Bu hesap silinmiş."),
  account_required: ACCOUNT,
  already_appealed: t("You have appealed this decision already.", "Bu karara zaten itiraz ettiniz."),
  already_has_ticket: t("You have a ticket already.", "Zaten biletiniz var."),
  already_in_call: t("You are in another call.", "Şu anda başka bir görüşmedesiniz."),
  already_live: t("You are already live.", "Zaten yayındasınız."),
  already_speaker: t("You may speak already.", "Zaten konuşabilirsiniz."),
  answered_elsewhere: t("You answered on another device.", "Aramayı başka bir cihazda yanıtladınız."),
  appeal_decided: t("This appeal is decided already.", "Bu itiraz zaten karara bağlandı."),
  append_only: NOT_POSSIBLE,
  bad_expiry: NOT_POSSIBLE,
  bad_params: NOT_POSSIBLE,
  bad_pattern: t("This word or pattern cannot be used.", "Bu sözcük ya da kalıp kullanılamaz."),
  bad_place: NOT_POSSIBLE,
  bad_policy: NOT_POSSIBLE,
  bad_reason: t("Please give a shorter reason.", "Lütfen daha kısa bir gerekçe yazınız."),
  bad_request: NOT_POSSIBLE,
  bad_setting: t("This value is not possible.", "Bu değer kullanılamaz."),
  bad_target: t("This cannot be done to this person.", "Bu kişi için bu işlem yapılamaz."),
  banned: t("You cannot enter here.", "Buraya giremezsiniz."),
  blocked_by_you: t("You have blocked this person.", "Bu kişiyi engellediniz."),
  body_too_large: AGAIN,
  busy: BUSY,
  call_not_active: t("This call is not going on.", "Bu görüşme sürmüyor."),
  call_not_ringing: CALL_OVER,
  callee_busy: t("They are busy.", "Bu kişi şu an meşgul."),
  callee_only: t("Only the person who is called can answer.", "Aramayı yalnızca aranan kişi yanıtlayabilir."),
  callee_unavailable: UNREACHABLE,
  calls_disabled: t("Calls are paused for the moment.", "Aramalar şu an kapalı."),
  cannot_be_invited: t("This person cannot be invited.", "Bu kişi davet edilemiyor."),
  case_resolved: t("This case is decided already.", "Bu dosya zaten karara bağlandı."),
  chat_muted: t(
    "A moderator has taken you out of the chat for now.",
    "Bir moderatör sohbete yazmanızı şimdilik kapattı.",
  ),
  claimed_by_another: t(
    "Another operator is working on this case.",
    "Bu dosyayla başka bir görevli ilgileniyor.",
  ),
  clip_deleted: t("This clip has been deleted.", "Bu kayıt silinmiş."),
  clip_not_ready: t("This clip is still being stored.", "Bu kayıt henüz saklanıyor."),
  event_too_large: t("This is too long. Please shorten it.", "Bu çok uzun. Lütfen kısaltınız."),
  evidence_off: t("No sound is kept here.", "Burada ses saklanmıyor."),
  followers_only: t("Only followers write in this chat.", "Bu sohbete yalnızca takipçiler yazabilir."),
  hand_refused: t("You cannot raise your hand here.", "Burada el kaldıramazsınız."),
  idempotency_key_reused: AGAIN,
  illegal_transition: NOT_POSSIBLE,
  immutable: NOT_POSSIBLE,
  insufficient_coins: t("You do not have enough coins.", "Jetonunuz yetersiz."),
  internal: AGAIN,
  invalid_choice: NOT_POSSIBLE,
  invalid_coins: t("This number of coins is not possible.", "Bu jeton sayısı kullanılamaz."),
  invalid_device: AGAIN,
  invalid_idempotency_key: AGAIN,
  invalid_mode: NOT_POSSIBLE,
  invalid_quantity: t("Please choose between 1 and 999.", "Lütfen 1 ile 999 arasında bir sayı seçiniz."),
  invalid_reason: t("Please give a reason.", "Lütfen bir gerekçe yazınız."),
  invalid_reference: NOT_POSSIBLE,
  invalid_request: AGAIN,
  invalid_session: t(
    "Please check title, price and time.",
    "Lütfen başlığı, fiyatı ve saati kontrol ediniz.",
  ),
  invalid_signature: NOT_ALLOWED,
  invalid_text: t("This text cannot be used.", "Bu metin kullanılamaz."),
  invalid_type: NOT_POSSIBLE,
  kid_taken: NOT_POSSIBLE,
  ledger_only: NOT_POSSIBLE,
  live_disabled: t("Broadcasts are paused for the moment.", "Yayınlar şu an durduruldu."),
  malformed_json: AGAIN,
  message_too_long: t("This message is too long.", "Bu mesaj çok uzun."),
  method_not_allowed: AGAIN,
  no_invitation: t(
    "There is no invitation any more. Raise your hand.",
    "Davet artık geçerli değil. El kaldırabilirsiniz.",
  ),
  no_ticket_needed: t("No ticket is needed.", "Bilet gerekmiyor."),
  not_a_creator: t("Only approved creators can go live.", "Yalnızca onaylı yayıncılar yayın açabilir."),
  not_a_participant: t("This person is not here.", "Bu kişi burada değil."),
  not_allowed: NOT_ALLOWED,
  not_appealable: t(
    "This decision cannot be appealed, or the time for it is over.",
    "Bu karara itiraz edilemez ya da itiraz süresi doldu.",
  ),
  not_authenticated: t("Please sign in again.", "Lütfen yeniden giriş yapınız."),
  not_banned: t("This person is not banned.", "Bu kişi yasaklı değil."),
  not_in_calls: t("This is not possible in a call.", "Bu işlem aramada yapılamaz."),
  not_in_session: t("Please join first.", "Lütfen önce katılınız."),
  not_payable: NOT_POSSIBLE,
  not_scheduled: t("This broadcast has begun, or is over.", "Bu yayın başladı ya da sona erdi."),
  not_the_host: t("You are not the host of this broadcast any more.", "Artık bu yayının sahibi değilsiniz."),
  nothing_to_confirm: t("There is nothing to confirm.", "Onaylanacak bir şey yok."),
  notice_changed: t(
    "The notice has changed. Please read it again.",
    "Bilgilendirme metni değişti. Lütfen yeniden okuyunuz.",
  ),
  offline: t("No connection. Please try again.", "Bağlantı yok. Lütfen yeniden deneyiniz."),
  ops_only: OPS,
  outranked: t("You may not do this to this person.", "Bu kişi için bu işlemi yapamazsınız."),
  own_case: t(
    "This case is about you. Somebody else decides it.",
    "Bu dosya sizinle ilgili. Kararı başka biri verir.",
  ),
  own_decision: t(
    "You made this decision. Somebody else decides the appeal.",
    "Bu kararı siz verdiniz. İtiraza başka biri bakar.",
  ),
  own_session: t("This is your own broadcast.", "Bu sizin yayınınız."),
  play_over: t("Please open the recording again.", "Lütfen kaydı yeniden açınız."),
  price_changed: t(
    "The price has changed. Please look again before you pay.",
    "Fiyat değişti. Lütfen ödemeden önce yeniden kontrol ediniz.",
  ),
  rate_limited: t("Too fast. Please wait a moment.", "Çok hızlı. Lütfen biraz bekleyiniz."),
  read_too_wide: NOT_POSSIBLE,
  reason_code_needed: t("Please choose a reason.", "Lütfen bir neden seçiniz."),
  recording_disabled: t("Recording is paused for the moment.", "Kayıt şu an kapalı."),
  recording_held: t("This recording cannot be deleted now.", "Bu kayıt şu an silinemiyor."),
  recording_minutes_used: t("No more can be recorded this month.", "Bu ay için kayıt süresi doldu."),
  recording_not_allowed: t(
    "This creator's broadcasts are not recorded.",
    "Bu içerik üreticisinin yayınları kaydedilmiyor.",
  ),
  recording_not_ready: t("This recording is not ready yet.", "Bu kayıt henüz hazır değil."),
  recording_running: t("Please stop the recording first.", "Lütfen önce kaydı durdurunuz."),
  reference_reused: NOT_POSSIBLE,
  self_block: t("You cannot block yourself.", "Kendinizi engelleyemezsiniz."),
  self_call: t("You cannot call yourself.", "Kendinizi arayamazsınız."),
  self_report: t("You cannot report yourself.", "Kendinizi şikâyet edemezsiniz."),
  session_ended: OVER,
  session_not_live: t("This broadcast is not live.", "Bu yayın şu an canlı değil."),
  sign_in_required: ACCOUNT,
  slow_mode: t(
    "Please wait a little before your next message.",
    "Lütfen bir sonraki mesajınızdan önce biraz bekleyiniz.",
  ),
  subscribers_only: t("Only subscribers write in this chat.", "Bu sohbete yalnızca aboneler yazabilir."),
  subscription_required: t("This is for subscribers only.", "Bu yayın yalnızca abonelere açık."),
  taken_down: t("This recording was taken down.", "Bu kayıt yayından kaldırıldı."),
  ticket_required: t("You need a ticket for this.", "Bunun için bilet gerekiyor."),
  too_late: t("It is too late for this.", "Bu işlem için artık çok geç."),
  too_many_blocks: t("You have blocked too many people.", "Çok fazla kişiyi engellediniz."),
  too_many_connections: t(
    "You have connected too often. Please wait a minute.",
    "Çok sık bağlandınız. Lütfen bir dakika bekleyiniz.",
  ),
  too_many_hands: t(
    "Many hands are up already. Please try again later.",
    "Şu anda çok el kaldıran var. Lütfen sonra yeniden deneyiniz.",
  ),
  too_many_reads: BUSY,
  too_many_rules: t("There are too many rules already.", "Zaten çok fazla kural var."),
  too_many_scheduled: t("You have announced too many broadcasts today.", "Bugün çok fazla yayın duyurdunuz."),
  too_many_speakers: t("The stage is full.", "Sahne dolu."),
  unavailable: AGAIN,
  unknown_action: NOT_POSSIBLE,
  unknown_appeal: t("There is no such appeal.", "Böyle bir itiraz yok."),
  unknown_ban: t("There is no such ban.", "Böyle bir yasak yok."),
  unknown_call: CALL_OVER,
  unknown_case: t("There is no such case.", "Böyle bir dosya yok."),
  unknown_clip: t("There is no such clip.", "Böyle bir kayıt yok."),
  unknown_gift: t("This gift is not on sale.", "Bu hediye satışta değil."),
  unknown_key: NOT_POSSIBLE,
  unknown_message: t("This message is gone.", "Bu mesaj artık yok."),
  unknown_reason_code: t("Please choose another reason.", "Lütfen başka bir neden seçiniz."),
  unknown_recording: t("This recording does not exist.", "Böyle bir kayıt yok."),
  unknown_session: OVER,
  unknown_ticket: t("There is no such ticket.", "Böyle bir bilet yok."),
  unknown_user: UNREACHABLE,
  unsupported_media_type: AGAIN,
  weaker_than_standing: t("The same holds for longer already.", "Aynı karar zaten daha uzun süre geçerli."),
  words_not_allowed: t(
    "Some of these words are not allowed here.",
    "Bu sözcüklerden bazıları burada kullanılamaz.",
  ),
} as const satisfies Record<string, Text>;

export type RefusalCode = keyof typeof REFUSAL_TEXTS;

/** What to show for a code; one that this version of the package does not know is worth a general word. */
export function refusalText(code: string): Text {
  return Object.hasOwn(REFUSAL_TEXTS, code) ? REFUSAL_TEXTS[code as RefusalCode] : AGAIN;
}
